import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "@/api/accounts";
import { dismiss, keep } from "@/api/directory";
import type { PersonPage } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { useFaults } from "@/features/accounts/useFaults";
import { plural } from "@/lib/amount";
import { exact } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { useAct } from "./useAct";

/** The end of an account, and taking it back. */
export function LeavePart({ person }: { person: PersonPage }) {
  const { act, busy, refresh } = useAct(person.id);
  const { data: me } = useQuery(meQuery);
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  const faults = useFaults(["handle"]);
  const days = me?.limits.leaving_days ?? 0;

  async function end() {
    faults.clear();
    try {
      await dismiss(person.id, typed.trim());
      setAsking(false);
      await refresh();
    } catch (error) {
      faults.take(error);
    }
  }

  if (person.state === "leaving")
    return (
      <Part title="Erasure">
        <p className="mb-3 text-ui text-ink-2">{person.leaves_at ? `Everything of this account is erased on ${exact(person.leaves_at)}.` : "Everything of this account is being erased."}</p>
        <Button small isPending={busy} onPress={() => void act(() => keep(person.id), "The account stays.")}>
          Keep the account
        </Button>
      </Part>
    );
  return (
    <Part title="Erasure" words="Shuts the account and hides what is theirs at once; later all of it is erased for good.">
      <Button look="danger" onPress={() => setAsking(true)}>
        Erase this account
      </Button>
      <Dialog title={`Erase @${person.handle ?? ""}?`} isOpen={asking} onClose={() => setAsking(false)} alert>
        <p className="mb-3 text-ink-2">
          {days ? `Everything of it is erased after ${plural(days, "day")}; until then you can take it back.` : "Everything of it is erased for good, at once."}
          {person.kind === "person" && days && person.state !== "suspended" ? " Its person can, too, by signing in: suspend the account first where they should not." : ""}
        </p>
        {faults.general ? (
          <p role="alert" className="fault mb-3">
            {faults.general}
          </p>
        ) : null}
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void end();
          }}
        >
          <Field label="Its handle, to confirm" value={typed} onChange={setTyped} fault={faults.of("handle")} autoComplete="off" maxLength={64} />
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button onPress={() => setAsking(false)}>Keep it</Button>
            <Button type="submit" look="danger" isDisabled={!typed.trim()}>
              Erase this account
            </Button>
          </div>
        </form>
      </Dialog>
    </Part>
  );
}
