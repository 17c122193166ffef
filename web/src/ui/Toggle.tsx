import type { ReactNode } from "react";
import { SwitchButton, SwitchField, type SwitchFieldProps } from "react-aria-components/Switch";

export function Toggle({ children, ...rest }: Omit<SwitchFieldProps, "children" | "className"> & { children: ReactNode }) {
  return (
    <SwitchField {...rest}>
      <SwitchButton className="toggle">
        <span className="track" aria-hidden="true" />
        <span>{children}</span>
      </SwitchButton>
    </SwitchField>
  );
}
