import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { lift, restrict, standingQuery } from "@/api/standing";
import type { PersonPage } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { exact } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Segments } from "@/ui/Segments";
import { useAct } from "./useAct";

type Kind = "limited" | "suspended";
const DAY_MS = 86_400_000;
const DAYS = [
  { value: "1", label: "A day" },
  { value: "7", label: "A week" },
  { value: "30", label: "30 days" },
  { value: "0", label: "Until lifted" },
];
const WORDS: Record<PersonPage["state"], string> = {
  open: "Open: nothing holds this account back.",
  waiting: "Waiting: somebody decides on the request at Sign-ups.",
  limited: "Limited: looks around and keeps the account.",
  suspended: "Suspended: nobody gets in, and what is theirs stays.",
  leaving: "Leaving: shut and hidden, and being erased.",
};

/** What an account is held by, why, and until when. */
export function StandingPart({ person }: { person: PersonPage }) {
  const cache = useQueryClient();
  const { act, busy } = useAct(person.id);
  const standing = useQuery({ ...standingQuery(person.id), enabled: person.tokens !== null });
  const [kind, setKind] = useState<Kind | null>(null);
  const [reason, setReason] = useState("");
  const [note, setNote] = useState("");
  const [days, setDays] = useState("7");
  const held = person.standing;

  function begin(next: Kind) {
    setReason("");
    setNote("");
    setKind(next);
  }

  async function run(what: () => Promise<unknown>, said: string) {
    const done = await act(what, said);
    await cache.invalidateQueries({ queryKey: standingQuery(person.id).queryKey });
    if (done) setKind(null);
  }

  function hold(event: SyntheticEvent) {
    event.preventDefault();
    if (!kind || !reason.trim()) return;
    const until = days === "0" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
    void run(() => restrict(person.id, { kind, reason: reason.trim(), note: note.trim(), until }), kind === "suspended" ? "The account is suspended." : "The account is limited.");
  }

  return (
    <Part title="Standing">
      <p className="text-ui">{person.state === "leaving" && person.leaves_at ? `Leaving: shut and hidden, erased on ${exact(person.leaves_at)}.` : WORDS[person.state]}</p>
      {held ? (
        <p className="mt-1 text-ui [overflow-wrap:anywhere]">
          {held.until ? `Until ${exact(held.until)}` : "Until somebody lifts it"}: {held.reason}
        </p>
      ) : null}
      {standing.data?.now?.note ? <p className="mt-1 text-ui text-ink-2 [overflow-wrap:anywhere]">For operators: {standing.data.now.note}</p> : null}
      {person.closed ? null : (
        <div className="mt-3 flex flex-wrap gap-2">
          {held ? (
            <Button small isDisabled={busy} onPress={() => void run(() => lift(person.id), "Nothing holds this account back.")}>
              Lift it
            </Button>
          ) : null}
          <Button small isDisabled={busy} onPress={() => begin("limited")}>
            Limit
          </Button>
          <Button small look="danger" isDisabled={busy} onPress={() => begin("suspended")}>
            Suspend
          </Button>
        </div>
      )}
      <Dialog title={kind === "suspended" ? "Suspend this account?" : "Limit this account?"} isOpen={kind !== null} onClose={() => setKind(null)}>
        <p className="mb-4 text-ink-2">{kind === "suspended" ? "Nobody gets in, and open sign-ins end. What is theirs stays." : "It may look around and be kept, and change nothing that others see."}</p>
        <form noValidate className="grid gap-4" onSubmit={hold}>
          <Field label="Why" value={reason} onChange={setReason} lines={3} maxLength={500} hint="The person reads it." isRequired />
          <Segments label="Until" value={days} choices={DAYS} onChange={setDays} />
          <Field label="Note" value={note} onChange={setNote} lines={2} maxLength={1000} hint="For operators alone." />
          <div className="flex flex-wrap justify-end gap-2">
            <Button onPress={() => setKind(null)}>Not now</Button>
            <Button type="submit" look="danger" isPending={busy} isDisabled={!reason.trim()}>
              {kind === "suspended" ? "Suspend" : "Limit"}
            </Button>
          </div>
        </form>
      </Dialog>
    </Part>
  );
}
