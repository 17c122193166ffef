import { createMemoryHistory, createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { expect, it } from "vitest";
import { only } from "./only";

const root = createRootRoute();
const watch = createRoute({
  getParentRoute: () => root,
  path: "/watch",
  validateSearch: only((search): { t?: number } => (typeof search["t"] === "number" ? { t: search["t"] } : {})),
});

function searchOf(address: string): unknown {
  const router = createRouter({ routeTree: root.addChildren([watch]), history: createMemoryHistory({ initialEntries: [address] }) });
  return router.matchRoutes(router.latestLocation.pathname, router.latestLocation.search).at(-1)?.search;
}

it("hands a page what its route takes of an address, and nothing else", () => {
  expect(searchOf("/watch?t=5")).toEqual({ t: 5 });
  expect(searchOf("/watch?t=5&x=1")).toEqual({ t: 5 });
  expect(searchOf("/watch?t=abc&x=1")).toEqual({});
});
