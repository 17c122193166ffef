import type { QueryClient } from "@tanstack/react-query";
import { signals } from "@/api/signals";
import { dropFiles } from "@/features/files/handles";
import { forgetPlaces } from "@/features/videos/player/memory";

/** Somebody else is here now: nothing the last person saw stays, and the signals begin anew. */
export async function changeHands(cache: QueryClient): Promise<void> {
  signals.restart();
  cache.removeQueries({ type: "inactive" });
  await cache.resetQueries();
}

/** The person has left: this browser forgets where films were left and which files were being sent, too. */
export async function leaveHands(cache: QueryClient): Promise<void> {
  forgetPlaces();
  await dropFiles();
  await changeHands(cache);
}
