import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { deleteAccount } from "@/api/accounts";
import { plural } from "@/lib/amount";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { leaveHands } from "../changeHands";
import { useFaults } from "../useFaults";
import { Part } from "./Part";

export function AccountPart({ email, days }: { email: string; days: number }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["password"]);

  async function leave() {
    faults.clear();
    if (!password) {
      faults.put("password", "Enter your password: it shows that it is you.");
      return;
    }
    setBusy(true);
    try {
      await deleteAccount(password);
      setAsking(false);
      await navigate({ to: "/" });
      await leaveHands(cache);
      toast(days ? `Your account will be erased in ${plural(days, "day")}. Sign in before that to keep it.` : "Your account is being deleted.");
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  return (
    <Part title="Account" words={`Signed in as ${email}.`}>
      <div className="flex flex-wrap gap-2">
        <Button look="danger" onPress={() => setAsking(true)}>
          Delete account
        </Button>
      </div>
      <Dialog title="Delete your account?" isOpen={asking} onClose={() => setAsking(false)} alert>
        <p className="mb-3 text-ink-2">{days
            ? `You are signed out everywhere, and your page and films are hidden at once. After ${plural(days, "day")} all of it is erased for good; sign in before that to keep it.`
            : "Your profile, your films and all their bytes go away for good."}
        </p>
        <p className="mb-4 text-ink-2">
          To keep what is yours, ask for a copy under “Your data” and fetch it first.
        </p>
        {faults.general ? (
          <p role="alert" className="fault mb-3">
            {faults.general}
          </p>
        ) : null}
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void leave();
          }}
        >
          <Field label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} fault={faults.of("password")} />
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button onPress={() => setAsking(false)}>Keep it</Button>
            <Button type="submit" look="danger" isPending={busy}>
              Delete my account
            </Button>
          </div>
        </form>
      </Dialog>
    </Part>
  );
}
