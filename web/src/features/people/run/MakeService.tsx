import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { makeService } from "@/api/directory";
import { useFaults } from "@/features/accounts/useFaults";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { RoleChoice } from "./RoleChoice";

/** An account for a program; its tokens are made on its page, which follows. */
export function MakeService() {
  const cache = useQueryClient();
  const go = useNavigate();
  const [open, setOpen] = useState(false);
  const [title, setTitle] = useState("");
  const [handle, setHandle] = useState("");
  const [roles, setRoles] = useState(["creator"]);
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["handle", "title", "display_name", "roles"]);

  async function make() {
    faults.clear();
    if (!title.trim()) {
      faults.put("title", "Say what it is.");
      return;
    }
    if (!handle.trim()) {
      faults.put("handle", "Give it a handle.");
      return;
    }
    if (!roles.length) {
      faults.put("roles", "Choose what it may do.");
      return;
    }
    setBusy(true);
    try {
      const made = await makeService(handle.trim(), title.trim(), roles);
      await cache.invalidateQueries({ queryKey: ["admin", "accounts"] });
      await go({ to: "/run/people/$id", params: { id: made.id } });
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  return (
    <>
      <Button look="primary" onPress={() => setOpen(true)}>
        Make a service
      </Button>
      <Dialog title="Make a service?" isOpen={open} onClose={() => setOpen(false)}>
        <p className="mb-4 text-ink-2">An account for a program. Nobody can sign in with it; you make tokens for it next.</p>
        {faults.general ? (
          <p role="alert" className="fault mb-3">
            {faults.general}
          </p>
        ) : null}
        <form
          noValidate
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void make();
          }}
        >
          <Field label="Name" value={title} onChange={setTitle} fault={faults.of("title") ?? faults.of("display_name")} hint="People see it beside what it uploads." maxLength={60} autoComplete="off" />
          <Field label="Handle" value={handle} onChange={setHandle} fault={faults.of("handle")} hint="3 to 30 letters a–z, digits or underscores." maxLength={31} autoComplete="off" />
          <RoleChoice label="What it may do at most" wanted={roles} onChange={setRoles} fault={faults.of("roles")} />
          <div className="flex flex-wrap justify-end gap-2">
            <Button onPress={() => setOpen(false)}>Not now</Button>
            <Button type="submit" look="primary" isPending={busy}>
              Make it
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
