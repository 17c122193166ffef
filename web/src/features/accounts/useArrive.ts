import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { meQuery } from "@/api/accounts";
import { changeHands } from "./changeHands";

/** After signing in: forget what a guest saw, then go where the person wanted to go. */
export function useArrive(next: string | undefined): () => Promise<void> {
  const cache = useQueryClient();
  const router = useRouter();
  return async () => {
    await changeHands(cache);
    await cache.query(meQuery);
    router.history.push(next ?? "/");
  };
}
