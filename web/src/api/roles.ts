/** Roles, permissions, and why one may or may not. */
import { queryOptions } from "@tanstack/react-query";
import { api, done, take } from "./client";

export type RoleDraft = { title: string; about: string; permissions: string[]; factor_needed: boolean };

export const rolesQuery = queryOptions({
  queryKey: ["admin", "roles"],
  queryFn: () => take(api.GET("/api/v1/roles")),
});

export const permissionsQuery = queryOptions({
  queryKey: ["admin", "permissions"],
  queryFn: () => take(api.GET("/api/v1/permissions")),
});

export const verdictsQuery = queryOptions({
  queryKey: ["verdicts"],
  queryFn: () => take(api.GET("/api/v1/me/permissions")),
});

export const explanationQuery = (name: string) =>
  queryOptions({
    queryKey: ["verdicts", name],
    queryFn: () => take(api.GET("/api/v1/me/permissions/{name}", { params: { path: { name } } })),
  });

export const makeRole = (name: string, draft: RoleDraft) => take(api.POST("/api/v1/roles", { body: { name, ...draft } }));
export const changeRole = (name: string, draft: RoleDraft) =>
  take(api.PATCH("/api/v1/roles/{name}", { params: { path: { name } }, body: draft }));
export const dropRole = (name: string) => done(api.DELETE("/api/v1/roles/{name}", { params: { path: { name } } }));
