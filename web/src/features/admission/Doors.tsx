import { useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { meQuery } from "@/api/accounts";
import { choosePolicy, policyQuery } from "@/api/admission";
import type { Policy, PolicyWish } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { useFaults } from "@/features/accounts/useFaults";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Segments } from "@/ui/Segments";
import { Toggle } from "@/ui/Toggle";
import { toast } from "@/ui/toast";

const MODES: Record<Policy["mode"], { label: string; words: string }> = {
  open: { label: "Open", words: "Everybody may make an account." },
  invitation: { label: "Invitation", words: "Only who holds an invitation may make an account." },
  approval: { label: "Approval", words: "Everybody may ask; an operator lets them in. An invitation spares the wait." },
  closed: { label: "Closed", words: "Nobody may make an account but whom you make one for in the terminal." },
};

/** How the doors are, and the form that changes it. What the house was started with is shown, and stays. */
export function Doors({ policy }: { policy: Policy }) {
  return (
    <Part title="The doors" words="Counts from the next sign-up on.">
      <DoorsForm policy={policy} />
    </Part>
  );
}

export function DoorsForm({ policy, onDone }: { policy: Policy; onDone?: () => void }) {
  const cache = useQueryClient();
  const [wish, setWish] = useState<PolicyWish>(policy);
  const [most, setMost] = useState(String(policy.invitations_per_member));
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["question", "invitations_per_member"]);

  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    faults.clear();
    if (!/^\d{1,2}$|^100$/.test(most)) {
      faults.put("invitations_per_member", "A number from 0 to 100.");
      return;
    }
    setBusy(true);
    try {
      const { mode, work, question } = wish;
      const made = await choosePolicy({ mode, work, question: question.trim(), invitations_per_member: Number(most) });
      cache.setQueryData(policyQuery.queryKey, made);
      void cache.invalidateQueries({ queryKey: meQuery.queryKey });
      toast("The doors are as you chose.");
      onDone?.();
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="grid gap-5" aria-label="The doors">
      {policy.fixed.includes("mode") ? (
        <Fixed label="Who may come in" value={MODES[policy.mode].label} variable="MATINEE_SIGNUP" />
      ) : (
        <Segments
          label="Who may come in"
          value={wish.mode}
          choices={Object.entries(MODES).map(([value, { label }]) => ({ value: value as Policy["mode"], label }))}
          onChange={(mode) => setWish({ ...wish, mode })}
          hint={MODES[wish.mode].words}
        />
      )}
      {policy.fixed.includes("work") ? (
        <Fixed label="Work against robots" value={policy.work ? "Asked for" : "Not asked for"} variable="MATINEE_SIGNUP_WORK" />
      ) : (
        <div>
          <Toggle isSelected={wish.work} onChange={(work) => setWish({ ...wish, work })}>
            Let their computer work for a second first, against robots
          </Toggle>
          <p className="hint">Up to ten times as long while very many sign up. Who was invited need not.</p>
        </div>
      )}
      <Field
        label="Question to who asks to be let in"
        hint="Empty for none. Everybody can read it."
        maxLength={300}
        autoComplete="off"
        value={wish.question}
        onChange={(question) => setWish({ ...wish, question })}
        fault={faults.of("question")}
      />
      <Field
        label="Open invitations that a member may hold"
        hint="0: operators alone invite."
        inputMode="numeric"
        autoComplete="off"
        value={most}
        onChange={setMost}
        fault={faults.of("invitations_per_member")}
      />
      {faults.general ? (
        <p role="alert" className="fault">
          {faults.general}
        </p>
      ) : null}
      <div>
        <Button type="submit" look="primary" isPending={busy}>
          Save
        </Button>
      </div>
    </form>
  );
}

function Fixed({ label, value, variable }: { label: string; value: string; variable: string }) {
  return (
    <div>
      <p className="label">{label}</p>
      <p className="font-semibold">{value}</p>
      <p className="hint [overflow-wrap:anywhere]">Set by {variable} where the house is started, and changed there alone.</p>
    </div>
  );
}
