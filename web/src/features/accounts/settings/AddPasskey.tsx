import { useState } from "react";
import { addPasskey } from "@/api/factors";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { useFaults } from "../useFaults";

type Props = { onEnd: () => void; onAdded: (codes: string[] | null) => Promise<void> };

export function AddPasskey({ onEnd, onAdded }: Props) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["name"]);

  async function add() {
    faults.clear();
    if (!name.trim()) {
      faults.put("name", "Give it a name, such as “My phone”.");
      return;
    }
    setBusy(true);
    try {
      const { recovery_codes } = await addPasskey(name.trim());
      toast(`${name.trim()} is added.`);
      await onAdded(recovery_codes);
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  return (
    <Dialog title="Add a passkey" isOpen onClose={onEnd}>
      <p className="mb-4 text-ink-2">Your phone, your computer or a security key keeps it, and asks for your finger, face or PIN. It signs you in without a password, too.</p>
      {faults.general ? (
        <p role="alert" className="fault mb-3">
          {faults.general}
        </p>
      ) : null}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <Field label="What do you call it?" maxLength={80} value={name} onChange={setName} fault={faults.of("name")} />
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onPress={onEnd}>Not now</Button>
          <Button type="submit" look="primary" isPending={busy}>
            Go on
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
