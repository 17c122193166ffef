import { useState } from "react";
import { changePassword } from "@/api/accounts";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { Toggle } from "@/ui/Toggle";
import { NewPassword, PASSWORD_HINT, SHORTEST_PASSWORD } from "../NewPassword";
import { useFaults } from "../useFaults";
import { Part } from "./Part";

export function PasswordPart() {
  return (
    <Part title="Password">
      <PasswordForm />
    </Part>
  );
}

export function PasswordForm({ onDone }: { onDone?: () => void }) {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [programs, setPrograms] = useState(false);
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["current", "new"]);

  async function save() {
    faults.clear();
    if (!current) faults.put("current", "Enter the password you use now.");
    if (fresh.length < SHORTEST_PASSWORD) faults.put("new", `Use ${PASSWORD_HINT}`);
    if (!current || fresh.length < SHORTEST_PASSWORD) return;
    setBusy(true);
    try {
      await changePassword(current, fresh, programs);
      setCurrent("");
      setFresh("");
      toast("Your password is changed. Other browsers were signed out.");
      onDone?.();
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {faults.general ? (
        <p role="alert" className="fault">
          {faults.general}
        </p>
      ) : null}
      <Field label="Password now" type="password" autoComplete="current-password" value={current} onChange={setCurrent} fault={faults.of("current")} />
      <NewPassword label="New password" value={fresh} onChange={setFresh} fault={faults.of("new")} />
      <Toggle isSelected={programs} onChange={setPrograms}>
        End the access of programs and devices, too
      </Toggle>
      <div>
        <Button type="submit" isPending={busy}>
          Change password
        </Button>
      </div>
    </form>
  );
}
