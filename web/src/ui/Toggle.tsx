import type { ReactNode } from "react";
import { Switch, type SwitchProps } from "react-aria-components/Switch";

export function Toggle({ children, ...rest }: Omit<SwitchProps, "children" | "className"> & { children: ReactNode }) {
  return (
    <Switch {...rest} className="toggle">
      <span className="track" aria-hidden="true" />
      <span>{children}</span>
    </Switch>
  );
}
