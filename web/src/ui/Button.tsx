import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps } from "react-aria-components/Button";

export type Look = "primary" | "secondary" | "quiet" | "danger";
type Props = Omit<ButtonProps, "className" | "children"> & {
  look?: Look;
  small?: boolean;
  children: ReactNode;
  className?: string;
};

export function buttonClass(look: Look = "secondary", small = false, extra = ""): string {
  return `btn ${look}${small ? " small" : ""}${extra ? ` ${extra}` : ""}`;
}

export function Button({ look = "secondary", small = false, className = "", children, isPending, ...rest }: Props) {
  return (
    <AriaButton {...rest} isPending={isPending ?? false} className={buttonClass(look, small, className)}>
      {isPending ? <span className="spinner" aria-hidden="true" /> : null}
      {children}
    </AriaButton>
  );
}

/** An icon alone: its label is also the tooltip, with the key that does the same. */
export function IconButton({ label, hint, look = "quiet", small = false, className = "", children, ...rest }: Props & { label: string; hint?: string }) {
  return (
    <span title={hint ? `${label} (${hint})` : label} className="contents">
      <AriaButton {...rest} aria-label={label} className={buttonClass(look, small, `icon ${className}`)}>
        {children}
      </AriaButton>
    </span>
  );
}
