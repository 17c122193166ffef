type Search = Record<string, unknown>;

/** A route's search without what `take` leaves out: the router alone would hand that on as it stands in the address. */
export function only<T extends object>(take: (search: Search) => T): (search: Search) => T {
  return (search) => ({ ...Object.fromEntries(Object.keys(search).map((key) => [key, undefined])), ...take(search) });
}
