import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { askCopy, copiesQuery, dropCopy, fetchCopy, underWay } from "@/api/privacy";
import type { Copy } from "@/api/types";
import { plural, size } from "@/lib/amount";
import { exact } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Fault, Ghost } from "@/ui/States";
import { Toggle } from "@/ui/Toggle";
import { toast } from "@/ui/toast";
import { When } from "@/ui/When";
import { Part } from "./Part";

const STATES: Record<Copy["state"], string> = {
  waiting: "Waits for its turn",
  making: "Is being made",
  ready: "Ready",
  failed: "Could not be made. Ask for another one.",
  over: "Removed",
};
const ENDS: Partial<Record<Copy["state"], string>> = { waiting: "Cancel", making: "Cancel", ready: "Remove" };

export function CopiesPart() {
  const cache = useQueryClient();
  const copies = useQuery(copiesQuery);
  const [films, setFilms] = useState(false);
  const [busy, setBusy] = useState<string | null>(null);
  const waits = copies.data ? underWay(copies.data) : false;

  async function run(what: string, act: () => Promise<unknown>, otherwise: string) {
    setBusy(what);
    try {
      await act();
    } catch (error) {
      toast(error instanceof Error ? error.message : otherwise);
    } finally {
      setBusy(null);
    }
    await cache.invalidateQueries({ queryKey: copiesQuery.queryKey });
  }

  const days = copies.data ? ` It can be fetched for ${plural(copies.data.days, "day")}.` : "";
  return (
    <Part title="Your data" words={`Take a copy of everything that this house keeps about you: one zip, with a README that says what is in it.${days}`}>
      <div className="grid gap-4">
        <p className="text-ui">
          <Link to="/privacy" className="link">
            What this house keeps
          </Link>
        </p>
        <Toggle isSelected={films} onChange={setFilms}>
          With the films that I uploaded
        </Toggle>
        <div>
          <Button isDisabled={waits || copies.isPending} isPending={busy === "ask"} onPress={() => void run("ask", () => askCopy(films), "No copy was asked for.")}>
            {waits ? "A copy is on its way" : "Ask for a copy"}
          </Button>
        </div>
      </div>
      {copies.isPending ? <Ghost className="mt-4 h-12" /> : null}
      {copies.isError && !copies.data ? <Fault error={copies.error} what="The list of copies did not come" retry={() => void copies.refetch()} /> : null}
      <ul className="mt-4 grid empty:hidden" aria-live="polite" data-testid="copies">
        {copies.data?.items.map((copy) => (
          <li key={copy.id} className="flex items-center justify-between gap-x-4 border-t border-line py-3">
            <span className="min-w-0">
              <span className={`block text-ui font-semibold ${copy.state === "failed" ? "text-bad" : ""}`}>{STATES[copy.state]}</span>
              <span className="meta">
                asked for <When moment={copy.asked_at} />
                {copy.films ? " · with films" : ""}
                {copy.size_bytes === null ? "" : ` · ${size(copy.size_bytes)}`}
                {copy.state === "ready" && copy.ends_at ? ` · until ${exact(copy.ends_at)}` : ""}
              </span>
            </span>
            <span className="flex flex-none gap-2">
              {ENDS[copy.state] ? (
                <Button small isPending={busy === `drop ${copy.id}`} onPress={() => void run(`drop ${copy.id}`, () => dropCopy(copy.id), "The copy stays as it is.")}>
                  {ENDS[copy.state]}
                </Button>
              ) : null}
              {copy.state === "ready" ? (
                <Button small look="primary" isPending={busy === copy.id} onPress={() => void run(copy.id, () => fetchCopy(copy.id), "The copy did not come.")}>
                  Download
                </Button>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}
