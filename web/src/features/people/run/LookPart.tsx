import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { beginLook } from "@/api/standing";
import type { PersonPage } from "@/api/types";
import { changeHands } from "@/features/accounts/changeHands";
import { Part } from "@/features/accounts/settings/Part";
import { useFaults } from "@/features/accounts/useFaults";
import { stage } from "@/features/videos/player/stage";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";

const REASON_LEAST = 10;

/** Seeing the house as somebody else, for a reason that they read. */
export function LookPart({ person }: { person: PersonPage }) {
  const cache = useQueryClient();
  const go = useNavigate();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["reason"]);

  async function look() {
    faults.clear();
    setBusy(true);
    try {
      await beginLook(person.id, reason.trim());
    } catch (error) {
      faults.take(error);
      setBusy(false);
      return;
    }
    stage.close();
    await go({ to: "/" });
    await changeHands(cache);
  }

  return (
    <Part title="Through their eyes" words="See the house as they do, for 15 minutes at most. Nothing can be changed, and they are told at once, with your reason.">
      {faults.general ? (
        <p role="alert" className="fault mb-3">
          {faults.general}
        </p>
      ) : null}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
        className="grid gap-3"
      >
        <Field label="Reason" value={reason} onChange={setReason} fault={faults.of("reason")} lines={2} maxLength={500} hint={`${REASON_LEAST} characters or more. They read it.`} />
        <div>
          <Button type="submit" isPending={busy} isDisabled={reason.trim().length < REASON_LEAST}>
            Look
          </Button>
        </div>
      </form>
    </Part>
  );
}
