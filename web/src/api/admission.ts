/** The doors of the house: who may make an account, invitations, and requests to be let in. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, done, take } from "./client";
import type { InvitationWish, PolicyWish, Solved } from "./types";

export const askChallenge = () => take(api.POST("/api/v1/sign-up/challenge"));
export type Brought = { invitation?: string; work?: Solved };
export const askJoin = (email: string, brought: Brought) => done(api.POST("/api/v1/accounts/letters", { body: { email, ...brought } }));

export const applicationQuery = queryOptions({
  queryKey: ["application"],
  queryFn: () => take(api.GET("/api/v1/me/application")),
});
export const withdraw = () => done(api.DELETE("/api/v1/me/application"));

export const ownInvitationsQuery = queryOptions({
  queryKey: ["invitations"],
  queryFn: () => take(api.GET("/api/v1/me/invitations")),
});
export const makeOwnInvitation = (note: string) => take(api.POST("/api/v1/me/invitations", { body: { note } }));
export const revokeOwnInvitation = (id: string) => done(api.DELETE("/api/v1/me/invitations/{invitation_id}", { params: { path: { invitation_id: id } } }));

export const policyQuery = queryOptions({
  queryKey: ["admin", "admission"],
  queryFn: () => take(api.GET("/api/v1/admin/admission")),
});
export const choosePolicy = (wish: PolicyWish) => take(api.PUT("/api/v1/admin/admission", { body: wish }));

export const queueQuery = (state: "waiting" | "refused") =>
  infiniteQueryOptions({
    queryKey: ["admin", "applications", state],
    queryFn: ({ pageParam }) =>
      take(api.GET("/api/v1/admin/applications", { params: { query: { state, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
  });
export const approve = (id: string) => done(api.POST("/api/v1/admin/applications/{account_id}/approve", { params: { path: { account_id: id } } }));
export const refuse = (id: string, reason: string) =>
  done(api.POST("/api/v1/admin/applications/{account_id}/refuse", { params: { path: { account_id: id } }, body: { reason } }));

export const invitationsQuery = queryOptions({
  queryKey: ["admin", "invitations"],
  queryFn: () => take(api.GET("/api/v1/admin/invitations")),
});
export const makeInvitation = (wish: InvitationWish) => take(api.POST("/api/v1/admin/invitations", { body: wish }));
export const revokeInvitation = (id: string) => done(api.DELETE("/api/v1/admin/invitations/{invitation_id}", { params: { path: { invitation_id: id } } }));
