import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { approve, policyQuery, queueQuery, refuse } from "@/api/admission";
import type { Applicant } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { exact } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { More } from "@/ui/More";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { When } from "@/ui/When";

type State = "waiting" | "refused";
const STATES: { state: State; label: string; none: string }[] = [
  { state: "waiting", label: "Waiting", none: "Nobody waits to be let in." },
  { state: "refused", label: "Refused", none: "Nobody was refused in the last week." },
];

/** Who asks to be let in, oldest first. */
export function Queue() {
  const cache = useQueryClient();
  const [state, setState] = useState<State>("waiting");
  const [refusing, setRefusing] = useState<Applicant | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const list = useInfiniteQuery({ ...queueQuery(state), refetchInterval: 30_000 });
  const people = list.data?.pages.flatMap((page) => page.items) ?? [];

  async function run(who: Applicant, act: () => Promise<void>, said: string) {
    setBusy(who.account_id);
    try {
      await act();
      toast(said);
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work.");
    } finally {
      setBusy(null);
    }
    await cache.invalidateQueries({ queryKey: ["admin", "applications"] });
    await cache.invalidateQueries({ queryKey: policyQuery.queryKey });
  }

  return (
    <Part title="Who asks to be let in" words="Until you decide they see their own request alone. A refused account is erased after a week.">
      <div className="mb-4 flex flex-wrap gap-2" role="group" aria-label="Requests by state">
        {STATES.map((one) => (
          <button key={one.state} type="button" className="chip" aria-pressed={one.state === state} data-selected={one.state === state ? "" : undefined} onClick={() => setState(one.state)}>
            {one.label}
          </button>
        ))}
      </div>
      {list.isPending ? <Ghost className="h-20" /> : null}
      {list.isError && people.length === 0 ? <Fault error={list.error} what="The requests did not come" retry={() => void list.refetch()} /> : null}
      {list.isSuccess && people.length === 0 ? <p className="text-ui text-ink-2">{STATES.find((one) => one.state === state)?.none}</p> : null}
      <ul className="grid empty:hidden" aria-live="polite" data-testid="requests">
        {people.map((one) => (
          <li key={one.account_id} className="grid gap-2 border-t border-line py-4 first:border-0 first:pt-0">
            <p className="min-w-0 text-ui [overflow-wrap:anywhere]">
              <span className="font-semibold">@{one.handle ?? "nobody"}</span> <span className="text-ink-2">{one.email}</span>{" "}
              <span className="meta">
                asked <When moment={one.asked_at} />
                {one.erased_at ? ` · erased ${exact(one.erased_at)}` : ""}
              </span>
            </p>
            {one.answer ? (
              <blockquote className="max-w-[68ch] border-l-2 border-line pl-3 [overflow-wrap:anywhere] whitespace-pre-wrap">
                {one.question ? <span className="meta block">{one.question}</span> : null}
                {one.answer}
              </blockquote>
            ) : null}
            {one.reason ? <p className="text-ui text-ink-2 [overflow-wrap:anywhere]">Refused: {one.reason}</p> : null}
            <div className="flex flex-wrap gap-2">
              <Button small look="primary" isPending={busy === one.account_id} onPress={() => void run(one, () => approve(one.account_id), `@${one.handle ?? ""} is let in.`)} aria-label={`Let in: @${one.handle ?? ""}`}>
                Let in
              </Button>
              {one.state === "waiting" ? (
                <Button small onPress={() => setRefusing(one)} aria-label={`Refuse: @${one.handle ?? ""}`}>
                  Refuse
                </Button>
              ) : null}
            </div>
          </li>
        ))}
      </ul>
      <More has={list.hasNextPage} busy={list.isFetchingNextPage} failed={list.isFetchNextPageError} load={() => void list.fetchNextPage()} />
      {refusing ? (
        <Refuse
          who={refusing}
          onClose={() => setRefusing(null)}
          onRefuse={(reason) => {
            setRefusing(null);
            void run(refusing, () => refuse(refusing.account_id, reason), `@${refusing.handle ?? ""} is refused.`);
          }}
        />
      ) : null}
    </Part>
  );
}

function Refuse({ who, onClose, onRefuse }: { who: Applicant; onClose: () => void; onRefuse: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  return (
    <Dialog title={`Refuse @${who.handle ?? ""}?`} isOpen onClose={onClose}>
      <form
        className="mt-3 grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          onRefuse(reason.trim());
        }}
      >
        <Field label="Why" hint="They read it when they sign in." lines={3} maxLength={300} value={reason} onChange={setReason} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onPress={onClose}>Not now</Button>
          <Button type="submit" look="danger" isDisabled={!reason.trim()}>
            Refuse
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
