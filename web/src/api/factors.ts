/** Second factors: at sign-in, in Settings, and to prove once more who one is. */
import { queryOptions } from "@tanstack/react-query";
import { makePasskey, showPasskey } from "@/lib/passkeys";
import { api, done, take } from "./client";

export const factorsQuery = queryOptions({
  queryKey: ["factors"],
  queryFn: () => take(api.GET("/api/v1/me/factors")),
});

export const draftApp = () => take(api.POST("/api/v1/me/factors/app"));
export const confirmApp = (code: string) => take(api.POST("/api/v1/me/factors/app/confirm", { body: { code } }));
export const removeApp = () => done(api.DELETE("/api/v1/me/factors/app"));
export const newRecoveryCodes = () => take(api.POST("/api/v1/me/factors/recovery-codes"));
export const removePasskey = (passkey_id: string) =>
  done(api.DELETE("/api/v1/me/factors/passkeys/{passkey_id}", { params: { path: { passkey_id } } }));

export async function addPasskey(name: string) {
  const credential = await makePasskey(await take(api.POST("/api/v1/me/factors/passkeys/options")));
  return take(api.POST("/api/v1/me/factors/passkeys", { body: { name, credential } }));
}

export const proveWith = (given: { password: string } | { code: string }) => done(api.POST("/api/v1/me/proof", { body: given }));
export async function proveWithPasskey() {
  const credential = await showPasskey(await take(api.POST("/api/v1/me/proof/options")));
  await done(api.POST("/api/v1/me/proof", { body: { credential } }));
}

export const secondCode = (code: string) => take(api.POST("/api/v1/session/second", { body: { code } }));
export async function secondPasskey() {
  const credential = await showPasskey(await take(api.POST("/api/v1/session/second/options")));
  await take(api.POST("/api/v1/session/second", { body: { credential } }));
}

/** Without a password. `waiting` offers passkeys in the field for the name, until the signal ends it. */
export async function signInWithPasskey(waiting?: AbortSignal) {
  const options = await take(api.POST("/api/v1/session/passkey/options", waiting ? { signal: waiting } : {}));
  if (waiting?.aborted) return false;
  const credential = await showPasskey(options, waiting);
  await take(api.POST("/api/v1/session/passkey", { body: { credential } }));
  return true;
}
