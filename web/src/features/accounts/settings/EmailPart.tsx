import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "@/api/accounts";
import { changeEmail } from "@/api/recovery";
import type { Me } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { faultOf } from "../AccountForm";
import { SendAgain } from "../SendAgain";
import { useFaults } from "../useFaults";
import { Part } from "./Part";

type Props = { account: NonNullable<Me["account"]>; mail: boolean; onDone?: () => void };

export function EmailPart(props: Props) {
  return (
    <Part
      title="E-mail"
      words={props.mail ? "Another address counts once the letter to it is answered. Enter the present one to take a wish back." : "For signing in. Nobody but the operators sees it."}
    >
      <EmailForm {...props} />
    </Part>
  );
}

export function EmailForm({ account, mail, onDone }: Props) {
  const cache = useQueryClient();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["email", "password"]);
  const waits = account.wanted_email ?? (account.email_verified ? null : account.email);

  async function save() {
    faults.clear();
    const fault = faultOf("email", email);
    if (fault) faults.put("email", fault);
    if (!password) faults.put("password", "Enter your password: it shows that it is you.");
    if (fault || !password) return;
    setBusy(true);
    try {
      await changeEmail(email.trim(), password);
      setEmail("");
      setPassword("");
      await cache.invalidateQueries({ queryKey: meQuery.queryKey });
      toast(mail ? "Your wish is noted." : "Your address is changed.");
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
      <p className="text-ui [overflow-wrap:anywhere]">
        {account.email}
        {mail ? <span className="meta"> · {account.email_verified ? "confirmed" : "not confirmed yet"}</span> : null}
        {account.wanted_email ? <span className="meta"> · {account.wanted_email} waits to be confirmed</span> : null}
      </p>
      {mail && waits ? <SendAgain to={waits} /> : null}
      <Field label="New address" type="email" inputMode="email" autoComplete="email" maxLength={254} value={email} onChange={setEmail} fault={faults.of("email")} />
      <Field label="Your password" type="password" autoComplete="current-password" maxLength={200} value={password} onChange={setPassword} fault={faults.of("password")} />
      <div>
        <Button type="submit" isPending={busy}>
          Change address
        </Button>
      </div>
    </form>
  );
}
