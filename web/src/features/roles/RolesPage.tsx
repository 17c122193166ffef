import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "@/api/accounts";
import { rolesQuery } from "@/api/roles";
import type { Role } from "@/api/types";
import { may } from "@/app/shell/rooms";
import { Operator } from "@/features/admin/Operator";
import { Button } from "@/ui/Button";
import { Fault, Ghost, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { DropRole } from "./DropRole";
import { RoleForm, type Begun } from "./RoleForm";
import { RoleRow } from "./RoleRow";

export function RolesPage() {
  return (
    <Operator title="Roles" needs="roles.read">
      <Roles />
    </Operator>
  );
}

function Roles() {
  useTitle("Roles");
  const { data: me } = useQuery(meQuery);
  const list = useQuery(rolesQuery);
  const [begun, setBegun] = useState<Begun | null>(null);
  const [dropping, setDropping] = useState<Role | null>(null);
  const manages = may(me, "roles.manage");
  const made = list.data?.items.filter((role) => !role.built_in) ?? [];
  const built = list.data?.items.filter((role) => role.built_in) ?? [];
  const full = made.length >= (list.data?.most ?? 0);
  return (
    <>
      <div className="mb-4 flex flex-wrap items-end justify-between gap-3">
        <div>
          <h1 className="mb-1">Roles</h1>
          <p className="max-w-[62ch] text-ui text-ink-2">A role is a set of permissions. Who holds it may do what it allows, from their next request on.</p>
        </div>
        {manages && list.data ? (
          <Button look="primary" isDisabled={full} onPress={() => setBegun({ kind: "new" })}>
            Make a role
          </Button>
        ) : null}
      </div>
      {list.isPending ? (
        <Loading what="Loading roles">
          <div className="panel grid gap-3 p-4">
            {Array.from({ length: 6 }, (_, index) => (
              <Ghost key={index} className="h-14" />
            ))}
          </div>
        </Loading>
      ) : null}
      {list.isError && !list.data ? <Fault error={list.error} what="The roles did not come" retry={() => void list.refetch()} /> : null}
      {list.data ? (
        <>
          <Group
            title="Made here"
            roles={made}
            manages={manages}
            empty={full ? "" : "No role was made here yet. Make one for who helps you and needs less than an admin."}
            onChange={(role) => setBegun({ kind: "change", role })}
            onCopy={full ? null : (role) => setBegun({ kind: "copy", role })}
            onDrop={setDropping}
          />
          <Group title="Come with the house" roles={built} manages={manages} onCopy={full ? null : (role) => setBegun({ kind: "copy", role })} />
        </>
      ) : null}
      {begun ? <RoleForm begun={begun} onEnd={() => setBegun(null)} /> : null}
      {dropping ? <DropRole role={dropping} onEnd={() => setDropping(null)} /> : null}
    </>
  );
}

type GroupProps = {
  title: string;
  roles: Role[];
  manages: boolean;
  empty?: string;
  onChange?: (role: Role) => void;
  onCopy: ((role: Role) => void) | null;
  onDrop?: (role: Role) => void;
};

function Group({ title, roles, manages, empty, onChange, onCopy, onDrop }: GroupProps) {
  return (
    <section className="panel mb-5 p-4 pb-0" aria-label={title}>
      <h2 className="text-h3">{title}</h2>
      {roles.length === 0 ? <p className="pt-1 pb-4 text-ui text-ink-2">{empty}</p> : null}
      <ul>
        {roles.map((role) => (
          <li key={role.name} className="border-t border-line first:border-0">
            <RoleRow role={role}>
              {role.changeable && onChange ? (
                <Button small aria-label={`Change: ${role.title}`} onPress={() => onChange(role)}>
                  Change
                </Button>
              ) : null}
              {manages && onCopy ? (
                <Button small look="quiet" aria-label={`Make a copy: ${role.title}`} onPress={() => onCopy(role)}>
                  Copy
                </Button>
              ) : null}
              {role.changeable && onDrop ? (
                <Button small look="quiet" aria-label={`Drop: ${role.title}`} onPress={() => onDrop(role)}>
                  Drop
                </Button>
              ) : null}
            </RoleRow>
          </li>
        ))}
      </ul>
    </section>
  );
}
