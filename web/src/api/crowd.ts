/** Where requests wait while the house works on other people's sign-ins, as long as a page shows it. */
const TRIES_MOST = 4;
const WAIT_S = 3;
const WAIT_MOST_S = 30;

const hearers = new Set<() => void>();
const waiting = new Set<() => void>();

function changed(): void {
  for (const hear of hearers) hear();
}

function pause(ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (goOn: boolean) => {
      clearTimeout(timer);
      waiting.delete(stop);
      changed();
      resolve(goOn);
    };
    const stop = () => end(false);
    const timer = setTimeout(() => end(true), ms);
    waiting.add(stop);
    changed();
  });
}

/** What the server asks for, and up to as much again, so that those who wait do not come back together. */
export function waitMs(retryAfter: string | null, chance: number): number {
  const asked = Number(retryAfter);
  return Math.min(WAIT_MOST_S, asked > 0 ? asked : WAIT_S) * (1 + chance) * 1000;
}

async function isCrowded(response: Response): Promise<boolean> {
  if (response.status !== 503) return false;
  const body: unknown = await response.clone().json().catch(() => null);
  return (body as { code?: unknown } | null)?.code === "house.crowded";
}

export const crowd = {
  subscribe: (hear: () => void) => {
    hearers.add(hear);
    return () => void hearers.delete(hear);
  },
  read: () => waiting.size > 0,
  /** Whoever waits is told now that there were too many. */
  stop: () => {
    for (const stop of [...waiting]) stop();
  },
  /** The answer, or that of a later try: a few, by `again`. */
  async past(response: Response, again: () => Promise<Response>): Promise<Response> {
    let last = response;
    for (let tries = 0; tries < TRIES_MOST && hearers.size > 0 && (await isCrowded(last)); tries += 1) {
      if (!(await pause(waitMs(last.headers.get("Retry-After"), Math.random())))) break;
      last = await again();
    }
    return last;
  },
};
