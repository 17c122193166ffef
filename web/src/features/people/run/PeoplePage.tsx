import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { meQuery } from "@/api/accounts";
import { type DirectoryFilter, directoryQuery } from "@/api/directory";
import { may } from "@/app/shell/rooms";
import { Operator } from "@/features/admin/Operator";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { More } from "@/ui/More";
import { Empty, Fault, Ghost, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { MakeService } from "./MakeService";
import { PeopleTable } from "./PeopleTable";

const route = getRouteApi("/shell/run/people");
type Chip = { label: string; on: DirectoryFilter; private?: boolean };
const CHIPS: Chip[] = [
  { label: "Waiting", on: { state: "waiting" } },
  { label: "Limited", on: { state: "limited" } },
  { label: "Suspended", on: { state: "suspended" } },
  { label: "Leaving", on: { state: "leaving" } },
  { label: "Owners", on: { role: "owner" } },
  { label: "Admins", on: { role: "admin" } },
  { label: "Moderators", on: { role: "moderator" } },
  { label: "No second factor", on: { factor: false }, private: true },
  { label: "Last here first", on: { order: "seen" }, private: true },
];

export function PeoplePage() {
  return (
    <Operator title="People" needs="accounts.read">
      <People />
    </Operator>
  );
}

function People() {
  const filter = route.useSearch();
  const services = filter.kind === "service";
  useTitle(services ? "Services" : "People");
  const { data: me } = useQuery(meQuery);
  const manages = may(me, "accounts.manage");
  const list = useInfiniteQuery(directoryQuery({ ...filter, kind: services ? "service" : "person" }));
  const found = list.data?.pages.flatMap((page) => page.items) ?? [];
  const narrowed = Boolean(filter.query ?? filter.role ?? filter.state) || filter.factor !== undefined;
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <h1>{services ? "Services" : "People"}</h1>
        {services && manages ? <MakeService /> : null}
      </div>
      <nav aria-label="Kinds of accounts" className="mb-4 flex flex-wrap gap-2">
        <Link to="/run/people" search={{}} className="chip" data-selected={services ? undefined : ""}>
          People
        </Link>
        <Link to="/run/people" search={{ kind: "service" }} className="chip" data-selected={services ? "" : undefined}>
          Services
        </Link>
      </nav>
      {services ? <p className="mb-4 max-w-[62ch] text-ui text-ink-2">Accounts of programs: nobody signs in with one, tokens act for it.</p> : null}
      <Find key={filter.query ?? ""} byAddress={manages && !services} />
      <nav aria-label="Narrow the list" className="mb-4 flex flex-wrap gap-2">
        {CHIPS.filter((chip) => (manages || !chip.private) && !(services && chip.label === "No second factor")).map((chip) => (
          <Toggled key={chip.label} chip={chip} />
        ))}
      </nav>
      {list.isPending ? (
        <Loading what="Loading accounts">
          <div className="panel grid gap-3 p-4">
            {Array.from({ length: 6 }, (_, index) => (
              <Ghost key={index} className="h-9" />
            ))}
          </div>
        </Loading>
      ) : null}
      {list.isError && found.length === 0 ? <Fault error={list.error} what="The list did not come" retry={() => void list.refetch()} /> : null}
      {list.isSuccess && found.length === 0 ? (
        <Empty
          action={
            narrowed ? (
              <Link to="/run/people" search={services ? { kind: "service" } : {}} className="link">
                Show all
              </Link>
            ) : null
          }
        >
          {narrowed ? "No account fits." : services ? "No service has an account yet." : "Nobody has an account yet."}
        </Empty>
      ) : null}
      {found.length ? <PeopleTable items={found} manages={manages} services={services} /> : null}
      <More has={list.hasNextPage} busy={list.isFetchingNextPage} failed={list.isFetchNextPageError} load={() => void list.fetchNextPage()} />
    </>
  );
}

/** A filter that is on or off; the others stay. */
function Toggled({ chip }: { chip: Chip }) {
  const filter = route.useSearch();
  const names = Object.keys(chip.on) as (keyof DirectoryFilter)[];
  const on = names.every((name) => filter[name] === chip.on[name]);
  const without = Object.fromEntries(Object.entries(filter).filter(([name]) => !names.includes(name as keyof DirectoryFilter))) as DirectoryFilter;
  return (
    <Link to="/run/people" search={on ? without : { ...filter, ...chip.on }} className="chip" activeOptions={{ exact: true }} data-selected={on ? "" : undefined} aria-current={on ? "true" : undefined}>
      {chip.label}
    </Link>
  );
}

function Find({ byAddress }: { byAddress: boolean }) {
  const { query, ...filter } = route.useSearch();
  const go = route.useNavigate();
  const [text, setText] = useState(query ?? "");

  function find(event: SyntheticEvent) {
    event.preventDefault();
    void go({ search: { ...filter, ...(text.trim() ? { query: text.trim() } : {}) } });
  }

  return (
    <form onSubmit={find} role="search" className="mb-4 flex flex-wrap items-end gap-3">
      <div className="min-w-0 flex-1 basis-64 phone:max-w-96">
        <Field label="Find" type="search" value={text} onChange={setText} maxLength={254} autoComplete="off" placeholder={byAddress ? "Handle, name, or e-mail with its @" : "Handle or name"} />
      </div>
      <Button type="submit">Find</Button>
    </form>
  );
}
