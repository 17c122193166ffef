import { useState } from "react";
import type { Permission } from "@/api/types";
import { Field } from "@/ui/Field";
import { Toggle } from "@/ui/Toggle";
import { byRoom } from "./rooms";

type Props = { known: Permission[]; picked: Set<string>; onPick: (next: Set<string>) => void };

/** All permissions by room; those that everybody has need no role, those that one may not give stay as they are. */
export function PermissionPicker({ known, picked, onPick }: Props) {
  const [words, setWords] = useState("");
  const wanted = words.trim().toLowerCase();
  const shown = known.filter((one) => !one.everybody && `${one.name} ${one.description}`.toLowerCase().includes(wanted));

  function pick(name: string, on: boolean) {
    const next = new Set(picked);
    if (on) next.add(name);
    else next.delete(name);
    onPick(next);
  }

  return (
    <div className="grid gap-4">
      <Field label="Search permissions" type="search" value={words} onChange={setWords} autoComplete="off" />
      {shown.length === 0 ? <p className="text-ui text-ink-2">No permission is called that.</p> : null}
      {byRoom(shown).map((group) => (
        <fieldset key={group.room}>
          <legend className="label">{group.label}</legend>
          <div className="grid gap-1">
            {group.items.map((one) => (
              <div key={one.name}>
                <Toggle isSelected={picked.has(one.name)} isDisabled={!one.yours} onChange={(on) => pick(one.name, on)}>
                  {one.description}
                </Toggle>
                <p className="meta pl-[52px] [overflow-wrap:anywhere]">
                  {one.name}
                  {one.yours ? "" : " · not yours to give"}
                </p>
              </div>
            ))}
          </div>
        </fieldset>
      ))}
    </div>
  );
}
