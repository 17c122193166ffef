import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { changeRole, makeRole, permissionsQuery, rolesQuery } from "@/api/roles";
import type { Role } from "@/api/types";
import { useFaults } from "@/features/accounts/useFaults";
import { plural } from "@/lib/amount";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Fault, Ghost } from "@/ui/States";
import { Toggle } from "@/ui/Toggle";
import { toast } from "@/ui/toast";
import { PermissionPicker } from "./PermissionPicker";

export type Begun = { kind: "new" } | { kind: "copy" | "change"; role: Role };

/** Making a role, from nothing or from another one, and changing it. */
export function RoleForm({ begun, onEnd }: { begun: Begun; onEnd: () => void }) {
  const cache = useQueryClient();
  const known = useQuery(permissionsQuery);
  const like = begun.kind === "new" ? null : begun.role;
  const fresh = begun.kind !== "change";
  const [title, setTitle] = useState(begun.kind === "copy" ? `${begun.role.title} too`.slice(0, 40) : (like?.title ?? ""));
  const [name, setName] = useState(begun.kind === "change" ? begun.role.name : "");
  const [about, setAbout] = useState(begun.kind === "change" ? begun.role.about : "");
  const [factor, setFactor] = useState(like?.factor_needed ?? false);
  const [picked, setPicked] = useState(() => new Set(like?.permissions));
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["name", "title", "about", "permissions"]);
  const kept = name || nameFrom(title);
  // What one may not give cannot be in a role that one makes of another.
  const beyond = new Set(known.data?.items.filter((one) => !one.yours).map((one) => one.name));

  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    faults.clear();
    setBusy(true);
    const draft = { title: title.trim(), about: about.trim(), permissions: [...picked].filter((one) => !fresh || !beyond.has(one)).sort(), factor_needed: factor };
    try {
      await (fresh ? makeRole(kept, draft) : changeRole(kept, draft));
      await cache.invalidateQueries({ queryKey: rolesQuery.queryKey });
      toast(fresh ? `${draft.title} is made.` : `${draft.title} counts as it is now.`);
      onEnd();
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  return (
    <Dialog title={fresh ? "Make a role" : `Change “${begun.role.title}”`} isOpen onClose={onEnd} large>
      <form noValidate onSubmit={(event) => void submit(event)} className="mt-4 grid gap-4">
        <Field label="Title" value={title} onChange={setTitle} fault={faults.of("title")} hint="How people see it." maxLength={40} autoComplete="off" isRequired />
        {fresh ? <Field label="Name" value={name} onChange={setName} fault={faults.of("name")} placeholder={nameFrom(title)} hint="For the terminal and settings: 2 to 20 letters a–z, digits or underscores. It stays." maxLength={20} autoComplete="off" /> : null}
        <Field label="What it is for" value={about} onChange={setAbout} fault={faults.of("about")} maxLength={300} autoComplete="off" />
        <Toggle isSelected={factor} onChange={setFactor}>
          Its people need a second factor
        </Toggle>
        {known.isPending ? <Ghost className="h-64" /> : null}
        {known.isError && !known.data ? <Fault error={known.error} what="The permissions did not come" retry={() => void known.refetch()} /> : null}
        {known.data ? <PermissionPicker known={known.data.items} picked={picked} onPick={setPicked} /> : null}
        {(faults.of("permissions") ?? faults.general) ? (
          <p role="alert" className="fault">
            {faults.of("permissions") ?? faults.general}
          </p>
        ) : null}
        <div className="sticky -bottom-5 -mb-5 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-raised py-4">
          <span className="meta num mr-auto">{plural(picked.size, "permission")}</span>
          <Button onPress={onEnd}>Not now</Button>
          <Button type="submit" look="primary" isPending={busy} isDisabled={!title.trim() || !/^[a-z][a-z0-9_]{1,19}$/.test(kept) || !known.data}>
            {fresh ? "Make the role" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function nameFrom(title: string): string {
  return title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^[^a-z]+|_+$/g, "")
    .slice(0, 20);
}
