import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery, setTheme } from "@/api/accounts";
import type { Me, Theme } from "@/api/types";
import { chooseTheme, useTheme } from "@/app/theme";
import { setSingleKeys, singleKeysOn } from "@/lib/keys";
import { Segments } from "@/ui/Segments";
import { toast } from "@/ui/toast";
import { Toggle } from "@/ui/Toggle";
import { Part } from "./Part";

const THEMES: { value: Theme; label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "dark", label: "Dark" },
  { value: "light", label: "Light" },
];

export function LookPart({ me }: { me: Me }) {
  const theme = useTheme();
  const cache = useQueryClient();
  const [keys, setKeys] = useState(singleKeysOn);

  async function pick(next: Theme) {
    chooseTheme(next);
    cache.setQueryData(meQuery.queryKey, { ...me, theme: next });
    try {
      await setTheme(next);
    } catch {
      toast("The theme holds in this browser; the account could not be reached.");
    }
  }

  return (
    <Part title="Look and keys">
      <div className="grid gap-4">
        <Segments label="Theme" value={theme} choices={THEMES} onChange={(next) => void pick(next)} />
        <Toggle
          isSelected={keys}
          onChange={(on) => {
            setKeys(on);
            setSingleKeys(on);
          }}
        >
          Single letters are commands, like k for play
        </Toggle>
      </div>
    </Part>
  );
}
