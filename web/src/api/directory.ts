/** Accounts as operators see and change them, and accounts of services. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, done, take } from "./client";
import type { TokenScope } from "./types";

export type AccountState = "open" | "waiting" | "limited" | "suspended" | "leaving";
export type DirectoryFilter = {
  query?: string;
  role?: string;
  state?: AccountState;
  factor?: boolean;
  kind?: "person" | "service";
  order?: "joined" | "seen";
};

export const directoryQuery = (filter: DirectoryFilter) =>
  infiniteQueryOptions({
    queryKey: ["admin", "accounts", filter],
    queryFn: ({ pageParam }) =>
      take(api.GET("/api/v1/admin/accounts", { params: { query: { limit: 50, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
  });

export const personQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "account", id],
    queryFn: () => take(api.GET("/api/v1/admin/accounts/{account_id}", of(id))),
    retry: false,
  });

const of = (id: string) => ({ params: { path: { account_id: id } } });

export const signOutOf = (id: string) => done(api.DELETE("/api/v1/admin/accounts/{account_id}/sessions", of(id)));
export const endSessionOf = (id: string, session_id: string) =>
  done(api.DELETE("/api/v1/admin/accounts/{account_id}/sessions/{session_id}", { params: { path: { account_id: id, session_id } } }));
export const revokeAllOf = (id: string) => done(api.DELETE("/api/v1/admin/accounts/{account_id}/tokens", of(id)));
export const revokeTokenOf = (id: string, token_id: string) =>
  done(api.DELETE("/api/v1/admin/accounts/{account_id}/tokens/{token_id}", { params: { path: { account_id: id, token_id } } }));
export const makeTokenOf = (id: string, name: string, scopes: TokenScope[], days: number) =>
  take(api.POST("/api/v1/admin/accounts/{account_id}/tokens", { ...of(id), body: { name, scopes, days } }));
export const resetFactorsOf = (id: string, made_sure: string) =>
  done(api.POST("/api/v1/admin/accounts/{account_id}/factors/reset", { ...of(id), body: { made_sure } }));
export const handOutLink = (id: string, kind: "reset" | "verify") =>
  take(api.POST("/api/v1/admin/accounts/{account_id}/links", { ...of(id), body: { kind } }));
export const setQuotaOf = (id: string, limit_bytes: number | null) =>
  done(api.PUT("/api/v1/admin/accounts/{account_id}/quota", { ...of(id), body: { limit_bytes } }));
export const dismiss = (id: string, handle: string) => done(api.POST("/api/v1/admin/accounts/{account_id}/leaving", { ...of(id), body: { handle } }));
export const keep = (id: string) => done(api.DELETE("/api/v1/admin/accounts/{account_id}/leaving", of(id)));

export const setRolesOf = (id: string, roles: string[], before: string[]) => take(api.PUT("/api/v1/admin/accounts/{account_id}/roles", { ...of(id), body: { roles, before } }));

export const makeService = (handle: string, title: string, roles: string[]) =>
  take(api.POST("/api/v1/admin/service-accounts", { body: { handle, title, roles } }));
