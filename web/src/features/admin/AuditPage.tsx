import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { auditQuery } from "@/api/audit";
import type { AuditEntry } from "@/api/types";
import { actWords, factWords, THINGS } from "@/features/accounts/acts";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { More } from "@/ui/More";
import { Empty, Fault, Ghost, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { When } from "@/ui/When";
import { Operator } from "./Operator";

const route = getRouteApi("/shell/run/audit");

export function AuditPage() {
  return (
    <Operator title="What was done" needs="accounts.audit">
      <Log />
    </Operator>
  );
}

function Log() {
  useTitle("What was done");
  const filter = route.useSearch();
  const { act, person, day } = filter;
  const list = useInfiniteQuery(
    auditQuery({ ...(act ? { act } : {}), ...(person ? { person } : {}), ...(day ? { until: endOf(day) } : {}) }),
  );
  const entries = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <h1 className="mb-1">What was done</h1>
      <p className="mb-4 max-w-[62ch] text-ui text-ink-2">
        Entries stand in a chain: “matinee audit verify” finds out whether one was changed, removed or moved.
      </p>
      <nav aria-label="Entries by kind" className="mb-4 flex flex-wrap gap-2">
        {[{ act: undefined, label: "All" }, ...THINGS].map((one) => (
          <Link key={one.label} to="/run/audit" search={{ ...filter, act: one.act }} className="chip" activeOptions={{ exact: true }} data-selected={one.act === act ? "" : undefined}>
            {one.label}
          </Link>
        ))}
      </nav>
      <Narrow key={`${person ?? ""} ${day ?? ""}`} />
      {list.isPending ? (
        <Loading what="Loading entries">
          <div className="panel grid gap-3 p-4">
            {Array.from({ length: 6 }, (_, index) => (
              <Ghost key={index} className="h-8" />
            ))}
          </div>
        </Loading>
      ) : null}
      {list.isError && entries.length === 0 ? <Fault error={list.error} what="The entries did not come" retry={() => void list.refetch()} /> : null}
      {list.isSuccess && entries.length === 0 ? <Empty>Nothing was written down that fits.</Empty> : null}
      {entries.length ? (
        <div className="panel overflow-clip">
          <table className="table" data-testid="audit">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">By</th>
                <th scope="col">About</th>
                <th scope="col">More</th>
                <th scope="col" className="n">
                  When
                </th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <tr key={entry.id} data-act={entry.act}>
                  <td data-label="What">
                    <span>
                      <span className="font-semibold">{actWords(entry.act)}</span> <span className="meta num">{entry.seq ?? "…"}</span>
                    </span>
                  </td>
                  <td data-label="By">{entry.by ? <Who person={entry.by} /> : <span className="text-ink-2">{entry.via === "system" ? "the house" : "a guest"}</span>}</td>
                  <td data-label="About">{entry.about ? <Who person={entry.about} /> : null}</td>
                  <td data-label="More" className="text-ink-2 [overflow-wrap:anywhere]">
                    {factWords(entry.words, entry.facts)}
                  </td>
                  <td data-label="When" className="n text-ink-2">
                    <When moment={entry.at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <More has={list.hasNextPage} busy={list.isFetchingNextPage} failed={list.isFetchNextPageError} load={() => void list.fetchNextPage()} />
    </>
  );
}

/** The day that the person means, to its end, where they are. */
function endOf(day: string): string {
  const end = new Date(`${day}T00:00:00`);
  end.setDate(end.getDate() + 1);
  return end.toISOString();
}

function Narrow() {
  const { act, person, day } = route.useSearch();
  const go = route.useNavigate();
  const [who, setWho] = useState(person ?? "");
  const [until, setUntil] = useState(day ?? "");

  function narrow(event: SyntheticEvent) {
    event.preventDefault();
    void go({ search: { ...(act ? { act } : {}), ...(who.trim() ? { person: who.trim() } : {}), ...(until ? { day: until } : {}) } });
  }

  return (
    <form onSubmit={narrow} className="mb-4 flex flex-wrap items-end gap-3">
      <Field label="Person" value={who} onChange={setWho} placeholder="@handle" autoComplete="off" />
      <Field label="Up to" type="date" value={until} onChange={setUntil} />
      <Button type="submit">Show</Button>
    </form>
  );
}

function Who({ person }: { person: NonNullable<AuditEntry["by"]> }) {
  return (
    <Link to="/run/audit" search={{ person: person.handle ?? person.pseudonym }} className="link">
      {person.handle ? `@${person.handle}` : `gone ${person.pseudonym.slice(0, 8)}`}
    </Link>
  );
}
