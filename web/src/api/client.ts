/** The one place that talks to the server: cookies, the CSRF header and problems as errors. */
import createClient, { type Middleware } from "openapi-fetch";
import { crowd } from "./crowd";
import { proof } from "./proof";
import type { paths } from "./schema";

export type FieldFault = { field: string; message: string };

/** What the server said when it refused (RFC 9457). `message` is a sentence for a person. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldFault[];
  /** What would have to be held: its explanation is a page of its own. */
  readonly permission: string | null;

  constructor(status: number, code: string, detail: string, fields: FieldFault[] = [], permission: string | null = null) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.permission = permission;
  }
}

export function csrf(): string | null {
  // Houses at several ports of one host share its cookies: each has names of its own.
  const found = new RegExp(`(?:^|;\\s*)__Host-matinee_csrf_${location.port}=([^;]+)`).exec(document.cookie) ?? /(?:^|;\s*)__Host-matinee_csrf=([^;]+)/.exec(document.cookie);
  return found?.[1] ? decodeURIComponent(found[1]) : null;
}

/** A problem document, or whatever came in its place, as an error. */
export function toProblem(status: number, body: unknown): Problem {
  if (typeof body === "object" && body !== null) {
    const doc = body as { code?: unknown; detail?: unknown; title?: unknown; errors?: unknown; permission?: unknown };
    const detail = typeof doc.detail === "string" && doc.detail ? doc.detail : doc.title;
    if (typeof detail === "string") {
      const fields = Array.isArray(doc.errors)
        ? doc.errors.filter((one): one is FieldFault => typeof (one as FieldFault | null)?.field === "string")
        : [];
      const permission = typeof doc.permission === "string" ? doc.permission : null;
      return new Problem(status, typeof doc.code === "string" ? doc.code : `http.${status}`, detail, fields, permission);
    }
  }
  return new Problem(
    status,
    `http.${status}`,
    status >= 500
      ? "The server could not answer. What you did before is safe; try again in a moment."
      : "The server did not accept this.",
  );
}

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && request.method !== "HEAD") {
      const token = csrf();
      if (token) request.headers.set("X-CSRF-Token", token);
    }
    return request;
  },
};

const waiting = new Map<string, Request>();

/** What comes while the house is crowded waits a little, and what needs a fresh proof waits for one: both are sent again. */
const again: Middleware = {
  onRequest({ request, id }) {
    if (request.method !== "GET" && request.method !== "HEAD") waiting.set(id, request.clone());
  },
  async onResponse({ response, id }) {
    const sent = waiting.get(id);
    waiting.delete(id);
    if (!sent) return undefined;
    const answer = await crowd.past(response, () => fetch(sent.clone()));
    if (answer.status !== 403) return answer;
    const problem = toProblem(403, await answer.clone().json().catch(() => null));
    if (problem.code !== "accounts.prove_again" || !(await proof.ask())) return answer;
    return fetch(sent);
  },
  onError({ id }) {
    waiting.delete(id);
  },
};

export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
api.use(guard, again);

type Answer<T> = { data?: T | undefined; error?: unknown; response: Response };

/** The body of a good answer, or a thrown Problem. */
export async function take<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await reach(answer);
  if (!response.ok) throw toProblem(response.status, error);
  return data as T;
}

/** For operations that answer with nothing. */
export async function done(answer: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await reach(answer);
  if (!response.ok) throw toProblem(response.status, error);
}

async function reach<T>(answer: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await answer;
  } catch {
    if (!navigator.onLine) throw new Problem(0, "network.away", "You are offline. Nothing is lost; try again when the network is back.");
    throw new Problem(0, "network.lost", "The server cannot be reached. Nothing is lost; try again when the network is back.");
  }
}
