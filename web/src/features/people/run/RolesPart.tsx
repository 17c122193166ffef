import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "@/api/accounts";
import { setRolesOf } from "@/api/directory";
import { rolesQuery } from "@/api/roles";
import type { PersonPage } from "@/api/types";
import { may } from "@/app/shell/rooms";
import { Part } from "@/features/accounts/settings/Part";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { RoleChoice } from "./RoleChoice";
import { useAct } from "./useAct";

export function RolesPart({ person }: { person: PersonPage }) {
  const cache = useQueryClient();
  const { act, busy } = useAct(person.id);
  const { data: me } = useQuery(meQuery);
  const reads = may(me, "roles.read");
  const known = useQuery({ ...rolesQuery, enabled: reads });
  const [wanted, setWanted] = useState<string[] | null>(null);
  // As they were when the dialog was opened: what another operator changes meanwhile is not turned back.
  const [before, setBefore] = useState<string[]>([]);
  const title = (name: string) => known.data?.items.find((role) => role.name === name)?.title ?? name;

  async function give() {
    if (!wanted || !(await act(() => setRolesOf(person.id, wanted, before), "The roles are changed."))) return;
    setWanted(null);
    await cache.invalidateQueries({ queryKey: rolesQuery.queryKey });
  }

  return (
    <Part title="Roles">
      <ul className="flex flex-wrap gap-2">
        {person.roles.map((role) => (
          <li key={role} className="rounded-control border border-edge px-2 py-0.5 text-meta text-ink-2">
            {title(role)}
          </li>
        ))}
      </ul>
      {person.roles.length === 0 ? <p className="text-ui text-ink-2">None: this account may what a guest may.</p> : null}
      {reads && may(me, "roles.give") && !person.closed ? (
        <div className="mt-3">
          <Button
            small
            onPress={() => {
              setBefore(person.roles);
              setWanted(person.roles);
            }}
          >
            Change roles
          </Button>
        </div>
      ) : null}
      <Dialog title="Change roles?" isOpen={wanted !== null} onClose={() => setWanted(null)}>
        <p className="mb-4 text-ink-2">They count from the next request on. You give and take what you hold yourself.</p>
        <RoleChoice label="Roles" wanted={wanted ?? []} all onChange={setWanted} />
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onPress={() => setWanted(null)}>Not now</Button>
          <Button look="primary" isPending={busy} isDisabled={!known.data} onPress={() => void give()}>
            Change roles
          </Button>
        </div>
      </Dialog>
    </Part>
  );
}
