import { makeTokenOf, revokeAllOf, revokeTokenOf } from "@/api/directory";
import type { PersonPage } from "@/api/types";
import { MakeToken } from "@/features/accounts/settings/MakeToken";
import { Part } from "@/features/accounts/settings/Part";
import { TokenLines } from "@/features/accounts/settings/TokenLines";
import { Button } from "@/ui/Button";
import { useAct } from "./useAct";

export function ProgramsPart({ person }: { person: PersonPage }) {
  const { act, busy, refresh } = useAct(person.id);
  if (!person.tokens) return null;
  const { items, days, days_most } = person.tokens;
  const service = person.kind === "service";
  return (
    <Part title={service ? "Tokens" : "Programs and devices"} words={service ? "What acts for this service. A token may what its roles and its scopes both allow." : "What may act for this account without a password."}>
      {service && !person.closed && person.state === "open" ? (
        <MakeToken days={days} most={days_most} make={(name, scopes, life) => makeTokenOf(person.id, name, scopes, life)} onMade={refresh} />
      ) : null}
      {items.length === 0 ? <p className="text-ui text-ink-2">None.</p> : null}
      <TokenLines items={items} onEnd={person.closed ? undefined : (one) => void act(() => revokeTokenOf(person.id, one.id), `${one.name} can no longer act.`)} />
      {items.length > 1 && !person.closed ? (
        <div className="mt-3">
          <Button small isDisabled={busy} onPress={() => void act(() => revokeAllOf(person.id), "Nothing acts for this account any more.")}>
            End access of all
          </Button>
        </div>
      ) : null}
    </Part>
  );
}
