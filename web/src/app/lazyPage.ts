/** Pages in chunks of their own: one that does not arrive is told in words, and the rest come while nothing else is done. */
import { lazyRouteComponent } from "@tanstack/react-router";
import { Problem } from "@/api/client";

type Load<T = unknown> = () => Promise<T>;

const loads: Load[] = [];

/** As the router's own, but never reloads the window: a reload offline leaves the house, and an upload would end with it. */
export const lazyPage: typeof lazyRouteComponent = (load, name) => {
  const careful = withCare(load);
  loads.push(careful);
  return lazyRouteComponent(careful, name);
};

/**
 * Browsers may keep a failed import for good: nothing is asked for offline, and what failed goes by another address. One
 * that fails is tried once more by itself: a network that has just come back loses the first.
 */
function withCare<T>(load: Load<T>): Load<T> {
  let arrived: T | null = null;
  let address: string | null = null;
  const attempt = async (): Promise<T | null> => {
    if (!navigator.onLine) return null;
    try {
      return address ? ((await import(/* @vite-ignore */ `${address}?again=${Date.now()}`)) as T) : await load();
    } catch (error) {
      address ??= /https?:\S+\.js/.exec(String(error))?.[0] ?? null;
      return null;
    }
  };
  return async () => {
    arrived ??= await attempt();
    if (!arrived && navigator.onLine) {
      await new Promise((go) => setTimeout(go, 1000));
      arrived = await attempt();
    }
    if (!arrived) throw missing();
    return arrived;
  };
}

function missing(): Problem {
  return navigator.onLine
    ? new Problem(0, "page.lost", "Its code did not arrive. Nothing is lost; try again. If that does not help, this house was updated: reload the page when no upload is under way.")
    : new Problem(0, "network.away", "You are offline, and this page was not loaded before. Nothing is lost; try again when the network is back.");
}

type Saving = Navigator & { connection?: { saveData?: boolean } };

/** Fetches the code of every page, and of `more`, one after the other while the browser is idle. */
export function loadTheRest(more: Load[]): void {
  if ((navigator as Saving).connection?.saveData) return;
  const waiting = [...loads, ...more];
  // Safari has no idle moments to offer.
  const idle = (act: () => void) => ("requestIdleCallback" in window ? requestIdleCallback(act) : setTimeout(act, 500));
  const next = () => {
    const load = waiting[0];
    if (!load) return;
    load().then(
      () => {
        waiting.shift();
        idle(next);
      },
      () => window.addEventListener("online", () => idle(next), { once: true }),
    );
  };
  idle(next);
}
