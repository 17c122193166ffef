import type { ReactNode } from "react";
import { UNSAFE_PortalProvider } from "react-aria/PortalProvider";
import { Button } from "react-aria-components/Button";
import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { CheckIcon } from "@phosphor-icons/react/Check";

type Props = {
  label: string;
  button: ReactNode;
  value: string;
  choices: { id: string; label: string; note?: string }[];
  onChoose: (id: string) => void;
  /** Of full screen nothing else is seen: there the menu opens in this. A player on a page would cut it off. */
  container: HTMLElement | null;
  onOpenChange: (open: boolean) => void;
};

export function ChoiceMenu({ label, button, value, choices, onChoose, container, onOpenChange }: Props) {
  return (
    <MenuTrigger onOpenChange={onOpenChange}>
      <Button aria-label={label} className="ctl-btn q">
        {button}
      </Button>
      <UNSAFE_PortalProvider getContainer={() => (document.fullscreenElement ? container : document.body)}>
      <Popover className="popover choices" data-theme="dark" placement="top end">
        <Menu
          aria-label={label}
          className="outline-none"
          selectionMode="single"
          selectedKeys={[value]}
          onSelectionChange={(keys) => {
            const id = keys === "all" ? undefined : [...keys][0];
            if (typeof id === "string") onChoose(id);
          }}
        >
          {choices.map((choice) => (
            <MenuItem key={choice.id} id={choice.id} className="menu-item num" textValue={choice.label}>
              {({ isSelected }) => (
                <>
                  <CheckIcon size={16} aria-hidden="true" className={isSelected ? "text-lamp-text" : "invisible"} />
                  <span className="flex-1">{choice.label}</span>
                  {choice.note ? <span className="meta">{choice.note}</span> : null}
                </>
              )}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
      </UNSAFE_PortalProvider>
    </MenuTrigger>
  );
}
