import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Problem } from "@/api/client";
import { personQuery } from "@/api/directory";
import type { PersonPage as Person } from "@/api/types";
import { NotHere } from "@/app/Pages";
import { Operator } from "@/features/admin/Operator";
import { day } from "@/lib/time";
import { Face } from "@/ui/Face";
import { Fault, Ghost, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { FactorsPart } from "./FactorsPart";
import { LeavePart } from "./LeavePart";
import { LinksPart } from "./LinksPart";
import { LookPart } from "./LookPart";
import { ProgramsPart } from "./ProgramsPart";
import { RolesPart } from "./RolesPart";
import { SignInsPart } from "./SignInsPart";
import { StandingPart } from "./StandingPart";
import { StateMark } from "./StateMark";
import { StoragePart } from "./StoragePart";

const route = getRouteApi("/shell/run/people/$id");

export function PersonPage() {
  return (
    <Operator title="People" needs="accounts.read">
      <Account />
    </Operator>
  );
}

function Account() {
  const { id } = route.useParams();
  const person = useQuery(personQuery(id));
  const name = person.data ? (person.data.display_name ?? "Without a profile") : undefined;
  useTitle(name);
  if (person.error instanceof Problem && [404, 422].includes(person.error.status)) return <NotHere />;
  if (person.error && !person.data) return <Fault error={person.error} what="This account did not come" level={1} retry={() => void person.refetch()} />;
  if (!person.data)
    return (
      <Loading what="Loading the account">
        <Ghost className="mb-6 h-16 max-w-96" />
        <div className="grid gap-5">
          <Ghost className="h-28" />
          <Ghost className="h-28" />
          <Ghost className="h-28" />
        </div>
      </Loading>
    );
  return (
    <>
      <Head person={person.data} />
      {person.data.closed ? (
        <p className="mb-5 max-w-[62ch] text-ui text-ink-2" data-testid="closed">
          Nothing can be changed here. {person.data.closed}
        </p>
      ) : null}
      <Parts person={person.data} key={person.data.id} />
    </>
  );
}

function Head({ person }: { person: Person }) {
  const service = person.kind === "service";
  return (
    <header className="mb-6 flex flex-wrap items-start gap-x-5 gap-y-3">
      <Face name={person.display_name ?? "?"} handle={person.handle ?? person.id} size={64} />
      <div className="min-w-0 flex-1 basis-60">
        <h1 className="[overflow-wrap:anywhere]">{person.display_name ?? "Without a profile"}</h1>
        <p className="meta mt-1 flex flex-wrap gap-x-2 gap-y-1 [overflow-wrap:anywhere]">
          {person.handle ? <span>@{person.handle}</span> : null}
          <span>{service ? "a service, made" : "here since"} {day(person.created_at)}</span>
          {person.email ? (
            <span>
              {person.email}, {person.email_verified_at ? "proven" : "not proven"}
            </span>
          ) : null}
          <StateMark state={person.state} />
        </p>
        <p className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-ui">
          {person.handle && person.state !== "leaving" ? (
            <Link to="/@{$handle}" params={{ handle: person.handle }} className="link">
              Page and films
            </Link>
          ) : null}
          {person.pseudonym ? (
            <Link to="/run/audit" search={{ person: person.handle ?? person.pseudonym }} className="link">
              What was done
            </Link>
          ) : null}
        </p>
      </div>
    </header>
  );
}

/** One part each, in the order in which they are asked for. */
function Parts({ person }: { person: Person }) {
  const service = person.kind === "service";
  return (
    <div className="grid max-w-[860px] gap-5">
      <StandingPart person={person} />
      <RolesPart person={person} />
      {person.look ? <LookPart person={person} /> : null}
      {service ? null : <SignInsPart person={person} />}
      <ProgramsPart person={person} />
      {service ? null : <FactorsPart person={person} />}
      <StoragePart person={person} />
      {service || person.closed ? null : <LinksPart person={person} />}
      {person.closed ? null : <LeavePart person={person} />}
    </div>
  );
}
