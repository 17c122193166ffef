/** Sends the missing parts of one file, a few at once, each to an address of its own. Knows no server: `line` does. */
import { Problem } from "@/api/client";

/** Part n, counted from 1, is the bytes from (n - 1) × `part_bytes` on. */
export type Plan = { size_bytes: number; part_bytes: number; parts: number; held: number[] };

export type Line = {
  addresses: (numbers: number[]) => Promise<{ items: { number: number; url: string }[]; expires_in_s: number }>;
  /** The store's status; 0 when the line broke. */
  put: (url: string, data: Blob, onProgress: (sent: number) => void, signal: AbortSignal) => Promise<number>;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Two files at once use up the six connections that browsers open to one host. */
export const AT_ONCE = 3;
/** Few, for with each question the server learns how far the file is. */
const ASKED = 4;
const TRIES = 4;
/** An address that ends so soon may end while its part waits for a connection. */
const SPARE_S = 60;

/** Resolves when the store has every part; rejects with a Problem, or with the signal's reason. */
export async function sendParts(file: Blob, plan: Plan, line: Line, signal: AbortSignal, onProgress: (sent: number) => void): Promise<void> {
  const stop = new AbortController();
  const together = stop.signal;
  signal.throwIfAborted();
  const halt = () => {
    stop.abort(signal.reason);
    // What was on its way is lost, and must not be called safe.
    flying.clear();
    show();
  };
  signal.addEventListener("abort", halt, { once: true });
  const held = new Set(plan.held);
  const left = Array.from({ length: plan.parts }, (_, at) => at + 1).filter((number) => !held.has(number));
  const flying = new Map<number, number>();
  const known = new Map<number, { url: string; until: number }>();
  let asking: Promise<void> | null = null;

  const start = (number: number) => (number - 1) * plan.part_bytes;
  const end = (number: number) => Math.min(plan.size_bytes, number * plan.part_bytes);
  function show() {
    let sent = 0;
    for (const number of held) sent += end(number) - start(number);
    for (const bytes of flying.values()) sent += bytes;
    onProgress(sent);
  }

  const fresh = (number: number) => (known.get(number)?.until ?? 0) > Date.now();
  async function ask(number: number) {
    const numbers = [number, ...left.filter((one) => !fresh(one))].slice(0, ASKED);
    const { items, expires_in_s } = await line.addresses(numbers);
    const until = Date.now() + Math.max(1, expires_in_s - SPARE_S) * 1000;
    for (const item of items) known.set(item.number, { url: item.url, until });
  }
  async function addressOf(number: number): Promise<string> {
    while (!fresh(number)) {
      asking ??= ask(number).finally(() => {
        asking = null;
      });
      await asking;
      together.throwIfAborted();
    }
    return known.get(number)?.url ?? "";
  }

  async function bring(number: number) {
    for (let failures = 1; ; failures++) {
      const url = await addressOf(number);
      const grow = (bytes: number) => {
        flying.set(number, bytes);
        show();
      };
      const status = await line.put(url, file.slice(start(number), end(number)), grow, together).finally(() => flying.delete(number));
      if (status >= 200 && status < 300) {
        held.add(number);
        show();
        return;
      }
      show();
      known.delete(number);
      if (failures === TRIES || !worthAnother(status)) throw trouble(status, held.size > 0);
      // A refused address has most likely ended: a fresh one is tried at once.
      if (status !== 403 || failures > 1) await line.wait(1000 * 2 ** (failures - 1), together);
    }
  }
  async function lane() {
    for (let number = left.shift(); number !== undefined; number = left.shift()) await bring(number);
  }

  show();
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  } catch (error) {
    stop.abort();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", halt);
  }
}

const worthAnother = (status: number) => status === 0 || status === 403 || status === 408 || status === 429 || status >= 500;

/** All of them are waited out: the server is asked what is there, and the rest is sent again. */
function trouble(status: number, worked: boolean): Problem {
  if (status === 404) return new Problem(409, "store.unknown", "The store does not know this upload any more.");
  if (status !== 0) return new Problem(503, "store.refused", `The store does not take the parts of this file (${status}).`);
  if (worked || !navigator.onLine) return new Problem(0, "network.lost", "The connection was lost.");
  return new Problem(0, "store.unreachable", "The store cannot be reached from this browser.");
}

const SILENCE_MS = 60_000;

/** PUT without any header of ours: the address is signed for none. */
export function putPart(url: string, data: Blob, onProgress: (sent: number) => void, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    let timer = setTimeout(() => request.abort(), SILENCE_MS);
    const over = (act: () => void) => () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", halt);
      act();
    };
    const halt = () => request.abort();
    signal.addEventListener("abort", halt);
    request.upload.onprogress = (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), SILENCE_MS);
      onProgress(event.loaded);
    };
    request.onload = over(() => resolve(request.status));
    request.onerror = over(() => resolve(0));
    request.onabort = over(() => (signal.aborted ? reject(signal.reason as Error) : resolve(0)));
    request.open("PUT", url);
    request.send(data);
  });
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    }, { once: true });
  });
}
