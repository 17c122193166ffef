import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { confirmApp, draftApp } from "@/api/factors";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { useFaults } from "../useFaults";

type Props = { onEnd: () => void; onAdded: (codes: string[] | null) => Promise<void> };

export function AddApp({ onEnd, onAdded }: Props) {
  // A secret is made for this dialog and forgotten with it.
  const draft = useQuery({ queryKey: ["app-draft"], queryFn: draftApp, staleTime: Infinity, gcTime: 0, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false });
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["code"]);

  async function confirm() {
    faults.clear();
    if (!code.trim()) {
      faults.put("code", "Enter the six digits that the app shows.");
      return;
    }
    setBusy(true);
    try {
      const { recovery_codes } = await confirmApp(code.trim());
      toast("The app is added.");
      await onAdded(recovery_codes);
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  return (
    <Dialog title="Add an app that makes codes" isOpen onClose={onEnd}>
      {draft.isPending ? <Ghost className="h-72" /> : null}
      {draft.isError ? <Fault error={draft.error} what="No secret was made" retry={() => void draft.refetch()} /> : null}
      {draft.data ? (
        <form
          noValidate
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void confirm();
          }}
        >
          <p className="text-ink-2">Open an authenticator app on your phone, and let it read this picture.</p>
          <img className="mx-auto rounded-picture" width={220} height={220} alt="Code to be read by the app" src={`data:image/svg+xml,${encodeURIComponent(draft.data.qr_svg)}`} />
          <p className="hint">
            On this device: <a className="link" href={draft.data.uri}>open your app</a>. Or type this secret:{" "}
            <code className="[overflow-wrap:anywhere]">{draft.data.secret.match(/.{1,4}/g)?.join(" ")}</code>
          </p>
          {faults.general ? (
            <p role="alert" className="fault">
              {faults.general}
            </p>
          ) : null}
          <Field label="Code that the app shows now" inputMode="numeric" autoComplete="one-time-code" maxLength={10} value={code} onChange={setCode} fault={faults.of("code")} />
          <div className="flex flex-wrap justify-end gap-2">
            <Button onPress={onEnd}>Not now</Button>
            <Button type="submit" look="primary" isPending={busy}>
              Confirm
            </Button>
          </div>
        </form>
      ) : null}
    </Dialog>
  );
}
