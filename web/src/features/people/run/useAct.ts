import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { personQuery } from "@/api/directory";
import { toast } from "@/ui/toast";

/** Does something to an account, says so, and brings the page up to date. True when it was done. */
export function useAct(id: string) {
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);

  async function refresh() {
    await cache.invalidateQueries({ queryKey: personQuery(id).queryKey });
    await cache.invalidateQueries({ queryKey: ["admin", "accounts"] });
  }

  async function act(what: () => Promise<unknown>, said: string): Promise<boolean> {
    setBusy(true);
    try {
      await what();
      toast(said);
      return true;
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work. Nothing was changed.");
      return false;
    } finally {
      await refresh();
      setBusy(false);
    }
  }

  return { act, busy, refresh };
}
