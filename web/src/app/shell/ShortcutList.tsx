import { useState } from "react";
import { setSingleKeys, singleKeysOn } from "@/lib/keys";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Toggle } from "@/ui/Toggle";

const GROUPS: { title: string; keys: [string[], string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      [["?"], "This list"],
      [["g", "h"], "Home"],
      [["g", "u"], "Upload"],
      [["g", "v"], "Your videos"],
      [["Esc"], "Close the top layer"],
    ],
  },
  {
    title: "Player",
    keys: [
      [["Space", "k"], "Play or pause"],
      [["j", "l"], "10 s back, 10 s on"],
      [["←", "→"], "5 s back, 5 s on"],
      [[",", "."], "One frame back, one on"],
      [["↑", "↓"], "Louder, quieter"],
      [["m"], "Mute"],
      [["f"], "Full screen"],
      [["t"], "Wide stage"],
      [["d"], "Dim the house"],
      [["i"], "Mini player"],
      [["0", "9"], "Jump to 0 % … 90 %"],
    ],
  },
];

export default function ShortcutList({ onClose }: { onClose: () => void }) {
  const [on, setOn] = useState(singleKeysOn);
  return (
    <Dialog title="Keys" isOpen onClose={onClose} large>
      <div className="grid gap-x-10 gap-y-6 phone:grid-cols-2">
        {GROUPS.map((group) => (
          <section key={group.title}>
            <h3 className="mb-2">{group.title}</h3>
            <dl className="grid gap-2 text-ui">
              {group.keys.map(([keys, what]) => (
                <div key={what} className="flex items-center justify-between gap-4">
                  <dt className="text-ink-2">{what}</dt>
                  <dd className="flex gap-1">
                    {keys.map((key) => (
                      <kbd key={key} className="kbd">
                        {key}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className="mt-6 flex flex-wrap items-center justify-between gap-4 border-t border-line pt-4">
        <Toggle
          isSelected={on}
          onChange={(next) => {
            setOn(next);
            setSingleKeys(next);
          }}
        >
          Single letters are commands
        </Toggle>
        <Button onPress={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
