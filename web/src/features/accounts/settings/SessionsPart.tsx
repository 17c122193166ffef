import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endOtherSessions, endSession, sessionsQuery } from "@/api/accounts";
import { Button } from "@/ui/Button";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { When } from "@/ui/When";
import { NoticeLine } from "./NoticeLine";
import { Part } from "./Part";

export function SessionsPart() {
  const cache = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const [busy, setBusy] = useState(false);
  const items = sessions.data?.items ?? [];

  async function end(what: () => Promise<void>, said: string) {
    setBusy(true);
    try {
      await what();
      toast(said);
    } catch (error) {
      toast(error instanceof Error ? error.message : "The session was not ended.");
    }
    await cache.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    setBusy(false);
  }

  return (
    <Part title="Where you are signed in" words="End what you do not know, and choose another password then. Four letters tell two networks apart; no address is kept.">
      {sessions.isPending ? <Ghost className="h-16" /> : null}
      {sessions.isError && !sessions.data ? <Fault error={sessions.error} what="The list did not come" retry={() => void sessions.refetch()} /> : null}
      {sessions.data?.notices.map((notice) => (
        <NoticeLine key={notice.id} notice={notice} />
      ))}
      {sessions.data && items.length === 0 ? <p className="text-ui text-ink-2">No browser is signed in.</p> : null}
      <ul className="grid">
        {items.map((one) => (
          <li key={one.id} className="flex items-center justify-between gap-x-4 border-t border-line py-3 first:border-0 first:pt-0">
            <span className="min-w-0">
              <span className="block text-ui font-semibold [overflow-wrap:anywhere]">
                {one.device}
                {one.current ? " · this browser" : ""}
              </span>
              <span className="meta">
                {one.place} · since <When moment={one.created_at} /> · used <When moment={one.last_used_at} />
              </span>
            </span>
            {one.current ? null : (
              <Button small className="flex-none" isDisabled={busy} onPress={() => void end(() => endSession(one.id), `${one.device} is signed out.`)} aria-label={`Sign out: ${one.device}`}>
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
      {items.some((one) => !one.current) ? (
        <div className="mt-3">
          <Button small isDisabled={busy} onPress={() => void end(endOtherSessions, "You are signed out everywhere else.")}>
            Sign out everywhere else
          </Button>
        </div>
      ) : null}
    </Part>
  );
}
