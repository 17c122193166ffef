import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { factorsQuery, proveWith, proveWithPasskey } from "@/api/factors";
import { passkeysHere } from "@/lib/passkeys";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { useFaults } from "./useFaults";

/** Asks once more who this is; then what was asked for goes on by itself. */
export default function ProveAgain({ onEnd }: { onEnd: (proven: boolean) => void }) {
  const { data: factors } = useQuery(factorsQuery);
  const [byCode, setByCode] = useState(false);
  const [given, setGiven] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["password", "code"]);
  const hasCode = Boolean(factors && (factors.app || factors.recovery_codes_left));

  async function prove(way: () => Promise<void>) {
    faults.clear();
    setBusy(true);
    try {
      await way();
      onEnd(true);
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  function submit() {
    if (given) void prove(() => proveWith(byCode ? { code: given } : { password: given }));
    else faults.put(byCode ? "code" : "password", byCode ? "Enter a code." : "Enter your password.");
  }

  return (
    <Dialog title="Is it still you?" isOpen onClose={() => onEnd(false)}>
      <p className="mb-4 text-ink-2">This changes who can use your account, so show once more that it is you. It then holds for ten minutes.</p>
      {faults.general ? (
        <p role="alert" className="fault mb-3">
          {faults.general}
        </p>
      ) : null}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {byCode ? (
          <Field key="code" label="Code of your app, or a recovery code" autoComplete="one-time-code" maxLength={40} value={given} onChange={setGiven} fault={faults.of("code")} />
        ) : (
          <Field key="password" label="Password" type="password" autoComplete="current-password" maxLength={200} value={given} onChange={setGiven} fault={faults.of("password")} />
        )}
        <div className="mt-3 flex flex-wrap gap-2">
          {factors?.passkeys.length && factors.passkeys_possible && passkeysHere() ? (
            <Button small isDisabled={busy} onPress={() => void prove(proveWithPasskey)}>
              Use a passkey
            </Button>
          ) : null}
          {hasCode ? (
            <Button
              small
              isDisabled={busy}
              onPress={() => {
                faults.clear();
                setGiven("");
                setByCode(!byCode);
              }}
            >
              {byCode ? "Use the password" : "Use a code"}
            </Button>
          ) : null}
        </div>
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onPress={() => onEnd(false)}>Not now</Button>
          <Button type="submit" look="primary" isPending={busy}>
            It is me
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
