import { QueryCache, QueryClient } from "@tanstack/react-query";
import { meQuery } from "@/api/accounts";
import { Problem } from "@/api/client";

export const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that ended meanwhile: the page asks anew who is here, and shows what is open to them.
    onError: (error) => {
      if (error instanceof Problem && error.status === 401) void client.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Offline, a page says so instead of waiting without a word, and asks again when the network is back.
      networkMode: "always",
      refetchOnReconnect: true,
      // A refusal stays a refusal; only a lost network or a broken server is worth asking again.
      retry: (failures, error) => navigator.onLine && failures < 2 && (!(error instanceof Problem) || error.status === 0 || error.status >= 500),
      retryDelay: (attempt) => 400 * 2 ** attempt,
    },
  },
});
