import type { QueryClient } from "@tanstack/react-query";
import { signals } from "@/api/signals";

/** Somebody else is here now: nothing the last person saw stays, and the signals begin anew. */
export async function changeHands(cache: QueryClient): Promise<void> {
  signals.restart();
  cache.removeQueries({ type: "inactive" });
  await cache.resetQueries();
}
