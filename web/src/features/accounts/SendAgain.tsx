import { useState } from "react";
import { askVerification } from "@/api/recovery";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toast";

/** Sends the letter that proves an address, and says what came of it. */
export function SendAgain({ to }: { to: string }) {
  const [busy, setBusy] = useState(false);

  async function send() {
    setBusy(true);
    try {
      await askVerification();
      toast(`A letter is on its way to ${to}.`);
    } catch (error) {
      toast(error instanceof Error ? error.message : "The letter was not sent.");
    } finally {
      setBusy(false);
    }
  }

  return (
    <div>
      <Button small isPending={busy} onPress={() => void send()}>
        Send the letter
      </Button>
    </div>
  );
}
