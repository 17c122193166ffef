/** Suspending and limiting people, and looking through somebody's eyes. */
import { queryOptions } from "@tanstack/react-query";
import { api, done, take } from "./client";
import type { RestrictionAsked } from "./types";

const at = (account_id: string) => ({ params: { path: { account_id } } });

export const standingQuery = (account_id: string) =>
  queryOptions({
    queryKey: ["admin", "standing", account_id],
    queryFn: () => take(api.GET("/api/v1/admin/accounts/{account_id}/restriction", at(account_id))),
  });
export const restrict = (account_id: string, body: RestrictionAsked) =>
  take(api.POST("/api/v1/admin/accounts/{account_id}/restriction", { ...at(account_id), body }));
export const lift = (account_id: string) => done(api.DELETE("/api/v1/admin/accounts/{account_id}/restriction", at(account_id)));

/** From the next request on this browser sees the house as that person: everything is to be fetched anew. */
export const beginLook = (account_id: string, reason: string) =>
  take(api.POST("/api/v1/admin/accounts/{account_id}/look", { ...at(account_id), body: { reason } }));
export const stopLooking = () => done(api.DELETE("/api/v1/look"));
