import { GearSixIcon } from "@phosphor-icons/react/GearSix";
import { MonitorIcon } from "@phosphor-icons/react/Monitor";
import { MoonIcon } from "@phosphor-icons/react/Moon";
import { SignOutIcon } from "@phosphor-icons/react/SignOut";
import { SunIcon } from "@phosphor-icons/react/Sun";
import { UserIcon } from "@phosphor-icons/react/User";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components/Button";
import { Header } from "react-aria-components/Header";
import { Menu, MenuItem, MenuSection, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Separator } from "react-aria-components/Separator";
import { meQuery, setTheme } from "@/api/accounts";
import type { Me, Theme } from "@/api/types";
import { chooseTheme, useTheme } from "@/app/theme";

const THEMES: { id: Theme; label: string; icon: typeof SunIcon }[] = [
  { id: "system", label: "As the system", icon: MonitorIcon },
  { id: "dark", label: "Dark", icon: MoonIcon },
  { id: "light", label: "Light", icon: SunIcon },
];

type Props = { me: Me; compact: boolean; face: ReactNode; onSignOut: () => void };

export default function YouMenu({ me, compact, face, onSignOut }: Props) {
  const theme = useTheme();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const [open, setOpen] = useState(true);
  const handle = me.profile?.handle;

  function pick(next: Theme) {
    chooseTheme(next);
    cache.setQueryData(meQuery.queryKey, { ...me, theme: next });
    // The choice already holds on this page; the account follows when the server can be reached.
    setTheme(next).catch(() => undefined);
  }

  return (
    <MenuTrigger isOpen={open} onOpenChange={setOpen}>
      <Button className={compact ? "grid size-11 place-items-center rounded-control" : "you"}>
        {face}
      </Button>
      <Popover className="popover" placement={compact ? "bottom end" : "top start"}>
        <Menu className="outline-none" aria-label="You">
          {handle ? (
            <MenuItem className="menu-item" onAction={() => void navigate({ to: "/@{$handle}", params: { handle } })}>
              <UserIcon size={20} aria-hidden="true" /> Your profile
            </MenuItem>
          ) : null}
          <MenuItem className="menu-item" onAction={() => void navigate({ to: "/settings" })}>
            <GearSixIcon size={20} aria-hidden="true" /> Settings
          </MenuItem>
          <Separator className="my-1.5 h-px bg-line" />
          <MenuSection
            selectionMode="single"
            selectedKeys={[theme]}
            onSelectionChange={(keys) => {
              const next = keys === "all" ? undefined : THEMES.find((one) => keys.has(one.id));
              if (next) pick(next.id);
            }}
          >
            <Header className="px-2.5 pt-1 pb-1 text-micro font-semibold text-ink-3">Theme</Header>
            {THEMES.map(({ id, label, icon: Icon }) => (
              <MenuItem key={id} id={id} className="menu-item">
                {({ isSelected }) => (
                  <>
                    <Icon size={20} weight={isSelected ? "fill" : "regular"} aria-hidden="true" className={isSelected ? "text-lamp-text" : ""} />
                    {label}
                  </>
                )}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator className="my-1.5 h-px bg-line" />
          <MenuItem className="menu-item" onAction={onSignOut}>
            <SignOutIcon size={20} aria-hidden="true" /> Sign out
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
