/** What was done: one's own entries of the audit log, and all of them for operators. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, take } from "./client";

export type AuditFilter = { act?: string; person?: string; since?: string; until?: string };

export const ownActsQuery = infiniteQueryOptions({
  queryKey: ["acts"],
  queryFn: ({ pageParam }) =>
    take(api.GET("/api/v1/me/audit", { params: { query: { limit: 10, ...(pageParam ? { cursor: pageParam } : {}) } } })),
  initialPageParam: "",
  getNextPageParam: (last) => last.next_cursor,
});

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["admin", "audit", filter],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/admin/audit", {
          params: { query: { limit: 50, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
  });
