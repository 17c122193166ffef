import { useState } from "react";
import { Problem } from "@/api/client";
import { secondCode, secondPasskey } from "@/api/factors";
import type { FactorKind } from "@/api/types";
import { passkeysHere } from "@/lib/passkeys";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Gate } from "./Gate";
import { useFaults } from "./useFaults";

type Props = { factors: FactorKind[]; onIn: () => Promise<void>; onOver: (why: string | null) => void };

/** The password was right; now what only its owner has. */
export function SecondStep({ factors, onIn, onOver }: Props) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["code"]);
  const app = factors.includes("app");

  async function show(way: () => Promise<unknown>) {
    faults.clear();
    setBusy(true);
    try {
      await way();
      await onIn();
    } catch (error) {
      if (error instanceof Problem && error.code === "accounts.ticket_over") {
        onOver(error.message);
        return;
      }
      faults.take(error);
      setBusy(false);
    }
  }

  return (
    <Gate
      title="One more step"
      words={app ? "Enter the code that your app shows now." : "Show your passkey, or enter a recovery code."}
      fault={faults.general}
      onSubmit={() => {
        if (code.trim()) void show(() => secondCode(code.trim()));
        else faults.put("code", "Enter a code.");
      }}
      foot={
        <button type="button" className="link" onClick={() => onOver(null)}>
          Sign in as somebody else
        </button>
      }
    >
      {factors.includes("passkey") && passkeysHere() ? (
        <Button look={app ? "secondary" : "primary"} isDisabled={busy} onPress={() => void show(secondPasskey)}>
          Use a passkey
        </Button>
      ) : null}
      <Field
        label={app ? "Code of your app, or a recovery code" : "Recovery code"}
        name="code"
        autoComplete="one-time-code"
        spellCheck="false"
        maxLength={40}
        value={code}
        onChange={setCode}
        fault={faults.of("code")}
      />
      <Button type="submit" look={app ? "primary" : "secondary"} isPending={busy}>
        Go on
      </Button>
      <p className="hint">Lost it all? A recovery code works once in its place. Without one, ask the operator of this house.</p>
    </Gate>
  );
}
