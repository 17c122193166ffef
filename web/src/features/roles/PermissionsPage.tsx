import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { verdictsQuery } from "@/api/roles";
import { Field } from "@/ui/Field";
import { Empty, Fault, Ghost, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { byRoom } from "./rooms";
import { VerdictRow } from "./VerdictRow";

const route = getRouteApi("/shell/settings/permissions");

export function PermissionsPage() {
  useTitle("What you may do");
  const { why } = route.useSearch();
  const list = useQuery(verdictsQuery);
  const [words, setWords] = useState("");
  const wanted = words.trim().toLowerCase();
  const asked = list.data?.items.find((one) => one.permission === why);
  const found = (list.data?.items ?? []).filter((one) => `${one.permission} ${one.description}`.toLowerCase().includes(wanted));
  return (
    <div className="max-w-[720px]">
      <h1 className="mb-1">What you may do</h1>
      <p className="mb-4 max-w-[62ch] text-ui text-ink-2">Your roles hold permissions. Each one says which role opens it, and what stands in the way.</p>
      {list.isPending ? (
        <Loading what="Loading what you may do">
          <div className="panel grid gap-3 p-4">
            {Array.from({ length: 8 }, (_, index) => (
              <Ghost key={index} className="h-10" />
            ))}
          </div>
        </Loading>
      ) : null}
      {list.isError && !list.data ? <Fault error={list.error} what="The list did not come" retry={() => void list.refetch()} /> : null}
      {asked ? (
        <section className="panel mb-5 px-4" aria-label="What you asked about" data-testid="asked">
          <VerdictRow verdict={asked} open />
        </section>
      ) : null}
      {list.data ? (
        <div className="mb-4 max-w-[360px]">
          <Field label="Search" type="search" value={words} onChange={setWords} autoComplete="off" />
        </div>
      ) : null}
      {list.data && found.length === 0 ? <Empty>Nothing is called that.</Empty> : null}
      {byRoom(found).map((group) => (
        <section key={group.room} className="panel mb-5 p-4 pb-0" aria-label={group.label}>
          <h2 className="text-h3">{group.label}</h2>
          <ul>
            {group.items.map((one) => (
              <li key={one.permission} className="border-t border-line first:border-0">
                <VerdictRow verdict={one} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
