/** What the house keeps, and copies of everything about oneself. */
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "./client";
import type { Copies } from "./types";

const UNDER_WAY = new Set(["waiting", "making"]);

export const underWay = (copies: Copies): boolean => copies.items.some((copy) => UNDER_WAY.has(copy.state));

export const keepingQuery = queryOptions({
  queryKey: ["privacy"],
  queryFn: () => take(api.GET("/api/v1/privacy")),
  staleTime: 60_000,
});

export const copiesQuery = queryOptions({
  queryKey: ["copies"],
  queryFn: () => take(api.GET("/api/v1/me/copies")),
  refetchInterval: (query) => (query.state.data && underWay(query.state.data) ? 3000 : false),
});
export const askCopy = (films: boolean) => take(api.POST("/api/v1/me/copies", { body: { films } }));

/** Makes none after all, or removes one that is ready. */
export const dropCopy = (id: string) => take(api.DELETE("/api/v1/me/copies/{copy_id}", { params: { path: { copy_id: id } } }));

/** Asks for a proof where one is needed, then lets the browser save the file. */
export async function fetchCopy(id: string): Promise<void> {
  const { address } = await take(api.POST("/api/v1/me/copies/{copy_id}/address", { params: { path: { copy_id: id } } }));
  location.assign(address);
}
