import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endOtherSessions, endSession, sessionsQuery } from "@/api/accounts";
import { Button } from "@/ui/Button";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { NoticeLine } from "./NoticeLine";
import { Part } from "./Part";
import { SessionLines } from "./SessionLines";

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
      <SessionLines items={items} busy={busy} onEnd={(one) => void end(() => endSession(one.id), `${one.device} is signed out.`)} />
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
