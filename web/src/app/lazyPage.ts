/** Pages in chunks of their own: one that does not arrive is told in words, and the rest come while nothing else is done. */
import { lazyRouteComponent } from "@tanstack/react-router";
import { Problem } from "@/api/client";

type Load = () => Promise<unknown>;

const loads: Load[] = [];

/** As the router's own, but never reloads the window: a reload offline leaves the house, and an upload would end with it. */
export const lazyPage: typeof lazyRouteComponent = (load, name) => {
  loads.push(load);
  return lazyRouteComponent(() => load().catch(() => Promise.reject(missing())), name);
};

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
    const load = waiting.shift();
    if (load) void load().then(() => idle(next), () => undefined);
  };
  idle(next);
}
