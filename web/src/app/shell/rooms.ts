/** The rooms each place shows, and who sees them. Only rooms that exist are listed. */
import { FilmSlateIcon } from "@phosphor-icons/react/FilmSlate";
import { GaugeIcon } from "@phosphor-icons/react/Gauge";
import { HouseIcon } from "@phosphor-icons/react/House";
import { IdentificationBadgeIcon } from "@phosphor-icons/react/IdentificationBadge";
import { ListChecksIcon } from "@phosphor-icons/react/ListChecks";
import { ScrollIcon } from "@phosphor-icons/react/Scroll";
import { UploadSimpleIcon } from "@phosphor-icons/react/UploadSimple";
import { UserPlusIcon } from "@phosphor-icons/react/UserPlus";
import { UsersIcon } from "@phosphor-icons/react/Users";
import type { Icon } from "@phosphor-icons/react";
import type { Me } from "@/api/types";

export type Place = "watch" | "create" | "run";
export type Room = {
  to: "/" | "/videos" | "/upload" | "/run" | "/run/jobs" | "/run/people" | "/run/roles" | "/run/audit" | "/run/sign-ups";
  label: string;
  icon: Icon;
  /** The permission without which it is not shown. */
  needs?: string;
};

export const PLACES: Record<Place, { label: string; rooms: Room[] }> = {
  watch: { label: "Watch", rooms: [{ to: "/", label: "Home", icon: HouseIcon }] },
  create: {
    label: "Create",
    rooms: [
      { to: "/videos", label: "Videos", icon: FilmSlateIcon },
      { to: "/upload", label: "Upload", icon: UploadSimpleIcon },
    ],
  },
  run: {
    label: "Run",
    rooms: [
      { to: "/run", label: "Health", icon: GaugeIcon, needs: "admin.operate" },
      { to: "/run/jobs", label: "Jobs", icon: ListChecksIcon, needs: "admin.operate" },
      { to: "/run/sign-ups", label: "Sign-ups", icon: UserPlusIcon, needs: "admission.manage" },
      { to: "/run/people", label: "People", icon: UsersIcon, needs: "accounts.read" },
      { to: "/run/roles", label: "Roles", icon: IdentificationBadgeIcon, needs: "roles.read" },
      { to: "/run/audit", label: "What was done", icon: ScrollIcon, needs: "accounts.audit" },
    ],
  },
};

export function may(me: Me | undefined, permission: string): boolean {
  return me?.account?.permissions.includes(permission) ?? false;
}

export function roomsFor(me: Me | undefined, place: Place): Room[] {
  return PLACES[place].rooms.filter((room) => !room.needs || may(me, room.needs));
}

export function placesFor(me: Me | undefined): Place[] {
  if (!me?.account || me.account.waits) return [];
  return (["watch", "create", "run"] as const).filter((place) => roomsFor(me, place).length > 0);
}

export function placeOf(path: string): Place {
  if (path.startsWith("/run")) return "run";
  if (path.startsWith("/videos") || path.startsWith("/upload")) return "create";
  return "watch";
}
