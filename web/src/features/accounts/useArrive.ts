import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { meQuery } from "@/api/accounts";
import { firstStepsQuery } from "@/api/firstSteps";
import type { Me } from "@/api/types";
import { may } from "@/app/shell/rooms";
import { ownPath } from "@/lib/ownPath";
import { changeHands } from "./changeHands";

/** Whether the house is new, and this is somebody who runs it. Signing in never fails over it. */
async function isNew(cache: QueryClient, me: Me): Promise<boolean> {
  if (!may(me, "admin.operate")) return false;
  return cache.query(firstStepsQuery).then((steps) => steps.open, () => false);
}

/** After signing in: forget what a guest saw, then go where the person wanted to go, if that is in this house: `next` is
 * what the address of the page says. */
export function useArrive(next: string | undefined): () => Promise<void> {
  const cache = useQueryClient();
  const router = useRouter();
  return async () => {
    await changeHands(cache);
    const me = await cache.query(meQuery);
    router.history.push(ownPath(next) ?? ((await isNew(cache, me)) ? "/run/welcome" : "/"));
  };
}
