/** The rooms each place shows, and who sees them. Only rooms that exist are listed. */
import { FilmSlateIcon } from "@phosphor-icons/react/FilmSlate";
import { GaugeIcon } from "@phosphor-icons/react/Gauge";
import { HouseIcon } from "@phosphor-icons/react/House";
import { ListChecksIcon } from "@phosphor-icons/react/ListChecks";
import { ScrollIcon } from "@phosphor-icons/react/Scroll";
import { UploadSimpleIcon } from "@phosphor-icons/react/UploadSimple";
import { UserPlusIcon } from "@phosphor-icons/react/UserPlus";
import type { Icon } from "@phosphor-icons/react";
import type { Me } from "@/api/types";

export type Place = "watch" | "create" | "run";
export type Room = { to: "/" | "/videos" | "/upload" | "/run" | "/run/jobs" | "/run/audit" | "/run/sign-ups"; label: string; icon: Icon };

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
      { to: "/run", label: "Health", icon: GaugeIcon },
      { to: "/run/jobs", label: "Jobs", icon: ListChecksIcon },
      { to: "/run/sign-ups", label: "Sign-ups", icon: UserPlusIcon },
      { to: "/run/audit", label: "What was done", icon: ScrollIcon },
    ],
  },
};

export function isOperator(me: Me | undefined): boolean {
  return me?.account?.roles.includes("admin") ?? false;
}

export function placesFor(me: Me | undefined): Place[] {
  if (!me?.account || me.account.waits) return [];
  return isOperator(me) ? ["watch", "create", "run"] : ["watch", "create"];
}

export function placeOf(path: string): Place {
  if (path.startsWith("/run")) return "run";
  if (path.startsWith("/videos") || path.startsWith("/upload")) return "create";
  return "watch";
}
