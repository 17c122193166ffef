import { useState } from "react";
import { changePassword } from "@/api/accounts";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { useFaults } from "../useFaults";
import { Part } from "./Part";

export function PasswordPart() {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["current", "new"]);

  async function save() {
    faults.clear();
    if (!current) faults.put("current", "Enter the password you use now.");
    if (fresh.length < 10) faults.put("new", "Use 10 characters or more; a few words in a row are good.");
    if (!current || fresh.length < 10) return;
    setBusy(true);
    try {
      await changePassword(current, fresh);
      setCurrent("");
      setFresh("");
      toast("Your password is changed.");
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Part title="Password">
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
        <Field label="New password" type="password" autoComplete="new-password" hint="10 characters or more; a few words in a row are good." value={fresh} onChange={setFresh} fault={faults.of("new")} />
        <div>
          <Button type="submit" isPending={busy}>
            Change password
          </Button>
        </div>
      </form>
    </Part>
  );
}
