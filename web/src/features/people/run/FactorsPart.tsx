import { useState } from "react";
import { resetFactorsOf } from "@/api/directory";
import type { PersonPage } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { useAct } from "./useAct";

const WORDS: Record<string, string> = { app: "an app that makes codes", passkey: "passkeys" };
const SURE_LEAST = 10;

export function FactorsPart({ person }: { person: PersonPage }) {
  const { act, busy } = useAct(person.id);
  const [asking, setAsking] = useState(false);
  const [sure, setSure] = useState("");
  if (!person.factors) return null;
  const held = person.factors.map((kind) => WORDS[kind] ?? kind).join(" and ");

  function open() {
    setSure("");
    setAsking(true);
  }

  return (
    <Part title="Second factors">
      <p className="text-ui text-ink-2">{held ? `On: ${held}.` : "None: the password alone signs in."}</p>
      {held && !person.closed ? (
        <div className="mt-3">
          <Button small onPress={open}>
            Remove them
          </Button>
        </div>
      ) : null}
      <Dialog title="Remove the second factors?" isOpen={asking} onClose={() => setAsking(false)} alert>
        <p className="mb-4 text-ink-2">For somebody who lost them. They are signed out everywhere and told; afterwards the password alone signs in.</p>
        <div className="mb-5">
          <Field label="How did you make sure that it is them?" value={sure} onChange={setSure} lines={2} maxLength={200} hint={`${SURE_LEAST} characters or more. They read it, and it stays in the log.`} />
        </div>
        <div className="flex flex-wrap justify-end gap-2">
          <Button onPress={() => setAsking(false)}>Keep them</Button>
          <Button look="danger" isPending={busy} isDisabled={sure.trim().length < SURE_LEAST} onPress={() => void act(() => resetFactorsOf(person.id, sure.trim()), "The second factors are removed.").then(() => setAsking(false))}>
            Remove them
          </Button>
        </div>
      </Dialog>
    </Part>
  );
}
