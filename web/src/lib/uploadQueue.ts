/** The line of uploads as a pure state machine: no network, no timers, no browser objects. */

export type Phase =
  | "line" // waits for one of the running uploads to end
  | "sending"
  | "paused"
  | "offline" // lost the connection; goes on by itself
  | "sent" // the server has every byte
  | "refused"; // the server said no; `problem` says why

export type Item = {
  key: string;
  name: string;
  size: number;
  sent: number;
  /** Bytes per second over the last moments; null until it is known. */
  speed: number | null;
  phase: Phase;
  videoId: string | null;
  uploadId: string | null;
  problem: string | null;
  /** Epoch ms of the next try while offline. */
  retryAt: number | null;
  failures: number;
};

export type Queue = { items: Item[] };

export type Action =
  | { type: "add"; items: Pick<Item, "key" | "name" | "size">[]; videoId?: string; uploadId?: string; sent?: number }
  | { type: "bound"; key: string; videoId?: string; uploadId?: string | null }
  | { type: "progress"; key: string; sent: number; speed: number | null }
  | { type: "start"; key: string }
  | { type: "pause"; key: string }
  | { type: "resume"; key: string }
  | { type: "first"; key: string }
  | { type: "lost"; key: string; retryAt: number; problem?: string | null }
  | { type: "sent"; key: string }
  | { type: "refused"; key: string; problem: string }
  | { type: "remove"; key: string };

export const AT_ONCE = 2;
export const EMPTY: Queue = { items: [] };

function change(queue: Queue, key: string, edit: (item: Item) => Item): Queue {
  return { items: queue.items.map((item) => (item.key === key ? edit(item) : item)) };
}

export function step(queue: Queue, action: Action): Queue {
  switch (action.type) {
    case "add": {
      const known = new Set(queue.items.map((item) => item.key));
      const fresh = action.items
        .filter((item) => !known.has(item.key))
        .map((item): Item => ({
          ...item,
          sent: action.sent ?? 0,
          speed: null,
          phase: "line",
          videoId: action.videoId ?? null,
          uploadId: action.uploadId ?? null,
          problem: null,
          retryAt: null,
          failures: 0,
        }));
      return { items: [...queue.items, ...fresh] };
    }
    case "bound":
      return change(queue, action.key, (item) => ({
        ...item,
        videoId: action.videoId ?? item.videoId,
        uploadId: action.uploadId === undefined ? item.uploadId : action.uploadId,
      }));
    case "start":
      return change(queue, action.key, (item) =>
        item.phase === "line" || item.phase === "offline" ? { ...item, phase: "sending", retryAt: null, problem: null } : item,
      );
    case "progress":
      // Bytes prove that the way is open again, so the count of failures begins anew.
      return change(queue, action.key, (item) =>
        item.phase === "sending"
          ? { ...item, sent: Math.min(item.size, action.sent), speed: action.speed, failures: action.sent > item.sent ? 0 : item.failures }
          : item,
      );
    case "pause":
      return change(queue, action.key, (item) =>
        item.phase === "sent" || item.phase === "refused" ? item : { ...item, phase: "paused", speed: null, retryAt: null },
      );
    case "resume":
      return change(queue, action.key, (item) =>
        item.phase === "paused" || item.phase === "offline" || item.phase === "refused"
          ? { ...item, phase: "line", retryAt: null, problem: null }
          : item,
      );
    case "first": {
      const item = queue.items.find((one) => one.key === action.key);
      if (item?.phase !== "line") return queue;
      const others = queue.items.filter((one) => one !== item);
      const at = others.findIndex((one) => one.phase === "line");
      return { items: at < 0 ? [...others, item] : [...others.slice(0, at), item, ...others.slice(at)] };
    }
    case "lost":
      return change(queue, action.key, (item) =>
        item.phase === "sending"
          ? { ...item, phase: "offline", speed: null, retryAt: action.retryAt, failures: item.failures + 1, problem: action.problem ?? null }
          : item,
      );
    case "sent":
      return change(queue, action.key, (item) => ({ ...item, phase: "sent", sent: item.size, speed: null, retryAt: null }));
    case "refused":
      return change(queue, action.key, (item) => ({ ...item, phase: "refused", speed: null, retryAt: null, problem: action.problem }));
    case "remove":
      return { items: queue.items.filter((item) => item.key !== action.key) };
  }
}

/** Keys that may start now: at most two uploads hold the wire; one that waits for the network keeps its seat. */
export function ready(queue: Queue): string[] {
  const busy = queue.items.filter((item) => item.phase === "sending" || item.phase === "offline").length;
  return queue.items
    .filter((item) => item.phase === "line")
    .slice(0, Math.max(0, AT_ONCE - busy))
    .map((item) => item.key);
}

/** Waits between tries in ms: 2 s, 4 s, 8 s … at most a minute. */
export function backoff(failures: number): number {
  return Math.min(60_000, 2000 * 2 ** Math.min(10, failures));
}

export function open(queue: Queue): Item[] {
  return queue.items.filter((item) => item.phase !== "sent" && item.phase !== "refused");
}

/** Whether something is sent, or would be by itself, and stops when the page is left. */
export function underWay(queue: Queue): boolean {
  return queue.items.some((item) => item.phase === "line" || item.phase === "sending" || item.phase === "offline");
}

export function totals(queue: Queue): { files: number; sent: number; size: number } {
  return queue.items.reduce(
    (sum, item) => ({ files: sum.files + 1, sent: sum.sent + item.sent, size: sum.size + item.size }),
    { files: 0, sent: 0, size: 0 },
  );
}
