/** Who is here: signing up, in and out, settings, sessions, tokens, devices. */
import { queryOptions } from "@tanstack/react-query";
import { api, done, take } from "./client";
import type { FactorKind, SignUp, Theme, TokenScope } from "./types";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => take(api.GET("/api/v1/me")),
  staleTime: 60_000,
});

export const signUp = (body: SignUp) => take(api.POST("/api/v1/accounts", { body }));
/** The factors of which one must follow, or null where the password was enough. */
export async function signIn(login: string, password: string): Promise<FactorKind[] | null> {
  const answer = await take(api.POST("/api/v1/session", { body: { login, password } }));
  return "factors" in answer ? answer.factors : null;
}
export const signOut = () => done(api.DELETE("/api/v1/session"));
export const setTheme = (theme: Theme) => take(api.PATCH("/api/v1/me", { body: { theme } }));
export const changePassword = (current: string, fresh: string, end_tokens = false) =>
  done(api.POST("/api/v1/me/password", { body: { current, new: fresh, end_tokens } }));
export const deleteAccount = (password: string) => done(api.DELETE("/api/v1/me", { body: { password } }));

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: () => take(api.GET("/api/v1/sessions")),
});
export const endSession = (id: string) => done(api.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id: id } } }));
export const endOtherSessions = () => done(api.DELETE("/api/v1/sessions"));

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: () => take(api.GET("/api/v1/tokens")),
});
export const makeToken = (name: string, scopes: TokenScope[], days: number) =>
  take(api.POST("/api/v1/me/tokens", { body: { name, scopes, days } }));
export const revokeToken = (id: string) => done(api.DELETE("/api/v1/tokens/{token_id}", { params: { path: { token_id: id } } }));

export const deviceQuery = (user_code: string) =>
  queryOptions({
    queryKey: ["device", user_code],
    queryFn: () => take(api.GET("/api/v1/device/{user_code}", { params: { path: { user_code } } })),
    retry: false,
  });
export const approveDevice = (user_code: string) =>
  done(api.POST("/api/v1/device/{user_code}/approve", { params: { path: { user_code } } }));
export const denyDevice = (user_code: string) =>
  done(api.POST("/api/v1/device/{user_code}/deny", { params: { path: { user_code } } }));
