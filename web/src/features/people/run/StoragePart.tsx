import { type SyntheticEvent, useState } from "react";
import { setQuotaOf } from "@/api/directory";
import type { PersonPage } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { part, percent, size } from "@/lib/amount";
import { Bar } from "@/ui/Bar";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { useAct } from "./useAct";

const GB = 1e9;

export function StoragePart({ person }: { person: PersonPage }) {
  const { act, busy } = useAct(person.id);
  const [gb, setGb] = useState("");
  if (!person.quota) return null;
  const { used_bytes, limit_bytes } = person.quota;
  const wanted = Number(gb.replace(",", "."));
  const right = gb.trim() !== "" && Number.isFinite(wanted) && wanted >= 0 && wanted <= 1e6;

  function set(event: SyntheticEvent) {
    event.preventDefault();
    if (right) void act(() => setQuotaOf(person.id, Math.round(wanted * GB)), `The limit is ${size(Math.round(wanted * GB))} now.`).then((ok) => (ok ? setGb("") : undefined));
  }

  return (
    <Part title="Storage">
      <Bar label="Storage used" value={percent(used_bytes, limit_bytes)} />
      <p className="meta num mt-1.5">{part(used_bytes, limit_bytes)}</p>
      {person.closed ? null : (
        <form onSubmit={set} className="mt-4 flex flex-wrap items-end gap-3">
          <Field label="Another limit, in GB" value={gb} onChange={setGb} inputMode="decimal" autoComplete="off" />
          <Button type="submit" isDisabled={!right || busy}>
            Set the limit
          </Button>
          <Button isDisabled={busy} onPress={() => void act(() => setQuotaOf(person.id, null), "The house's own limit holds.")}>
            Use the house’s
          </Button>
        </form>
      )}
    </Part>
  );
}
