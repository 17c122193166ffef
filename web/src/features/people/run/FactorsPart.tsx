import { useState } from "react";
import { resetFactorsOf } from "@/api/directory";
import type { PersonPage } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { useAct } from "./useAct";

const WORDS: Record<string, string> = { app: "an app that makes codes", passkey: "passkeys" };

export function FactorsPart({ person }: { person: PersonPage }) {
  const { act, busy } = useAct(person.id);
  const [asking, setAsking] = useState(false);
  if (!person.factors) return null;
  const held = person.factors.map((kind) => WORDS[kind] ?? kind).join(" and ");
  return (
    <Part title="Second factors">
      <p className="text-ui text-ink-2">{held ? `On: ${held}.` : "None: the password alone signs in."}</p>
      {held && !person.closed ? (
        <div className="mt-3">
          <Button small onPress={() => setAsking(true)}>
            Remove them
          </Button>
        </div>
      ) : null}
      <Dialog title="Remove the second factors?" isOpen={asking} onClose={() => setAsking(false)} alert>
        <p className="mb-5 text-ink-2">For somebody who lost them: be sure that it is them who asks. They are signed out everywhere and told; afterwards the password alone signs in.</p>
        <div className="flex flex-wrap justify-end gap-2">
          <Button onPress={() => setAsking(false)}>Keep them</Button>
          <Button look="danger" isPending={busy} onPress={() => void act(() => resetFactorsOf(person.id), "The second factors are removed.").then(() => setAsking(false))}>
            Remove them
          </Button>
        </div>
      </Dialog>
    </Part>
  );
}
