import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { permissionsQuery } from "@/api/roles";
import type { Role } from "@/api/types";
import { plural } from "@/lib/amount";
import { Button } from "@/ui/Button";

/** One role: what it is for, how many hold it, and what it holds one press away. */
export function RoleRow({ role, children }: { role: Role; children: ReactNode }) {
  const [shown, setShown] = useState(false);
  const held = useId();
  return (
    <div className="py-3" data-role={role.name}>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-[1_1_280px]">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="text-ui font-semibold [overflow-wrap:anywhere]">{role.title}</span>
            <span className="meta">{role.name}</span>
            {role.factor_needed || role.factor_by_settings ? <span className="badge outline">Second factor</span> : null}
          </p>
          {role.about ? <p className="text-ui text-ink-2 [overflow-wrap:anywhere]">{role.about}</p> : null}
          <p className="meta num">
            {plural(role.permissions.length, "permission")} · {heldBy(role.holders)}
          </p>
        </div>
        <div className="flex flex-none gap-2">
          <Button small look="quiet" aria-expanded={shown} aria-controls={shown ? held : undefined} aria-label={`What it holds: ${role.title}`} onPress={() => setShown(!shown)}>
            What it holds
          </Button>
          {children}
        </div>
      </div>
      {shown ? <Held id={held} names={role.permissions} /> : null}
    </div>
  );
}

function heldBy(holders: number): string {
  if (holders === 0) return "nobody holds it";
  return holders === 1 ? "1 person holds it" : `${holders} people hold it`;
}

function Held({ id, names }: { id: string; names: string[] }) {
  const { data } = useQuery(permissionsQuery);
  const words = new Map(data?.items.map((one) => [one.name, one.description]));
  if (names.length === 0)
    return (
      <p id={id} className="mt-2 text-ui text-ink-2">
        Nothing beside what everybody may.
      </p>
    );
  return (
    <ul id={id} className="mt-3 grid gap-2 border-l-2 border-line pl-4">
      {names.map((name) => (
        <li key={name} className="text-ui text-ink-2">
          {words.get(name) ?? ""} <span className="meta [overflow-wrap:anywhere]">{name}</span>
        </li>
      ))}
    </ul>
  );
}
