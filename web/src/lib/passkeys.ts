/** Passkeys of this browser: what the server sends as JSON goes in, what it takes as JSON comes out. */
import { Problem } from "@/api/client";

type Options = { publicKey: Record<string, unknown> };
type Named = { id: string };

export const passkeysHere = () => typeof window.PublicKeyCredential === "function";

/** Whether passkeys can be offered in a field, before anybody asks. */
export async function passkeysInFields(): Promise<boolean> {
  if (!passkeysHere()) return false;
  const known: Partial<Pick<typeof PublicKeyCredential, "isConditionalMediationAvailable">> = PublicKeyCredential;
  return (await known.isConditionalMediationAvailable?.()) ?? false;
}

export async function makePasskey({ publicKey }: Options): Promise<Record<string, unknown>> {
  const user = publicKey["user"] as { id: string };
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: { ...withBytes(publicKey, "excludeCredentials"), user: { ...user, id: bytes(user.id) } } as unknown as PublicKeyCredentialCreationOptions,
    }),
  );
  const answer = made.response as AuthenticatorAttestationResponse;
  const said: Partial<Pick<AuthenticatorAttestationResponse, "getTransports">> = answer;
  return {
    ...named(made),
    response: {
      clientDataJSON: text(answer.clientDataJSON),
      attestationObject: text(answer.attestationObject),
      transports: said.getTransports ? answer.getTransports() : [],
    },
  };
}

export async function showPasskey({ publicKey }: Options, waiting?: AbortSignal): Promise<Record<string, unknown>> {
  const shown = await asked(() =>
    navigator.credentials.get({
      publicKey: withBytes(publicKey, "allowCredentials") as unknown as PublicKeyCredentialRequestOptions,
      ...(waiting ? { mediation: "conditional" as const, signal: waiting } : {}),
    }),
  );
  const answer = shown.response as AuthenticatorAssertionResponse;
  return {
    ...named(shown),
    response: {
      clientDataJSON: text(answer.clientDataJSON),
      authenticatorData: text(answer.authenticatorData),
      signature: text(answer.signature),
      userHandle: answer.userHandle ? text(answer.userHandle) : null,
    },
  };
}

const SENTENCES: Record<string, string> = {
  NotAllowedError: "No passkey was used: it was cancelled, or took too long.",
  AbortError: "No passkey was used.",
  InvalidStateError: "This device holds a passkey of your account already.",
  SecurityError: "Passkeys work at the house’s own address only. Open it there, and try again.",
};

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!passkeysHere()) throw new Problem(0, "passkey.none", "This browser has no passkeys. Use another way, or another browser.");
  try {
    const found = await ask();
    if (found instanceof PublicKeyCredential) return found;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new Problem(0, `passkey.${name || "failed"}`, SENTENCES[name] ?? "The passkey could not be used. Try again, or use another way.");
  }
  throw new Problem(0, "passkey.none", "No passkey was used.");
}

function withBytes(publicKey: Record<string, unknown>, list: string): Record<string, unknown> {
  const names = (publicKey[list] ?? []) as Named[];
  return { ...publicKey, challenge: bytes(publicKey["challenge"] as string), [list]: names.map((one) => ({ ...one, id: bytes(one.id) })) };
}

function named(one: PublicKeyCredential): Record<string, unknown> {
  return { id: one.id, rawId: text(one.rawId), type: one.type };
}

function bytes(base64url: string): Uint8Array {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
