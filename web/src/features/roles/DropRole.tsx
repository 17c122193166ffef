import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { dropRole, rolesQuery } from "@/api/roles";
import type { Role } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { toast } from "@/ui/toast";

/** Says how many lose it before it is gone. */
export function DropRole({ role, onEnd }: { role: Role; onEnd: () => void }) {
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);

  async function drop() {
    setFault(null);
    setBusy(true);
    try {
      await dropRole(role.name);
      await cache.invalidateQueries({ queryKey: rolesQuery.queryKey });
      toast(`${role.title} is dropped.`);
      onEnd();
    } catch (error) {
      setFault(error instanceof Error ? error.message : "The role was not dropped.");
      setBusy(false);
    }
  }

  return (
    <Dialog title={`Drop “${role.title}”?`} isOpen onClose={onEnd} alert>
      <p className="mt-2 text-ink-2">
        {role.holders === 0
          ? "Nobody holds it."
          : `${role.holders === 1 ? "1 person holds" : `${role.holders} people hold`} it and may no longer what it allows, from their next request on.`}{" "}
        It cannot be brought back; you can make it anew.
      </p>
      {fault ? (
        <p role="alert" className="fault mt-3">
          {fault}
        </p>
      ) : null}
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onPress={onEnd}>Keep it</Button>
        <Button look="danger" isPending={busy} onPress={() => void drop()}>
          Drop the role
        </Button>
      </div>
    </Dialog>
  );
}
