import { Link } from "@tanstack/react-router";
import type { Listed } from "@/api/types";
import { day } from "@/lib/time";
import { Face } from "@/ui/Face";
import { When } from "@/ui/When";
import { StateMark } from "./StateMark";

export function PeopleTable({ items, manages, services }: { items: Listed[]; manages: boolean; services: boolean }) {
  return (
    <div className="panel overflow-clip">
      <table className="table" data-testid="people">
        <thead>
          <tr>
            <th scope="col">Who</th>
            {manages && !services ? <th scope="col">E-mail</th> : null}
            <th scope="col">Roles</th>
            <th scope="col">State</th>
            {manages && !services ? <th scope="col">Second factor</th> : null}
            <th scope="col" className="n">
              {services ? "Made" : "Joined"}
            </th>
            {manages ? (
              <th scope="col" className="n">
                Last here
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id} data-account={one.handle ?? one.id}>
              <td data-label="Who">
                <Link to="/run/people/$id" params={{ id: one.id }} className="inline-flex min-w-0 items-center gap-2.5 text-left">
                  <Face name={one.display_name ?? "?"} handle={one.handle ?? one.id} size={28} />
                  <span className="min-w-0 [overflow-wrap:anywhere]">
                    <span className="font-semibold">{one.display_name ?? "Without a profile"}</span> <span className="meta">{one.handle ? `@${one.handle}` : one.id.slice(0, 8)}</span>
                  </span>
                </Link>
              </td>
              {manages && !services ? (
                <td data-label="E-mail" className="[overflow-wrap:anywhere]">
                  {one.email}
                </td>
              ) : null}
              <td data-label="Roles" className="text-ink-2">
                {one.roles.join(", ")}
              </td>
              <td data-label="State">
                <span>
                  <StateMark state={one.state} />
                  {one.standing?.until ? <span className="meta"> until {day(one.standing.until)}</span> : null}
                </span>
              </td>
              {manages && !services ? (
                <td data-label="Second factor" className="text-ink-2">
                  {one.factors?.length ? one.factors.join(", ") : "none"}
                </td>
              ) : null}
              <td data-label={services ? "Made" : "Joined"} className="n text-ink-2">
                <When moment={one.created_at} />
              </td>
              {manages ? (
                <td data-label="Last here" className="n text-ink-2">
                  {one.seen_at ? <When moment={one.seen_at} /> : "never"}
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
