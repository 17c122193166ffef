import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Gate } from "./Gate";
import { NewPassword, PASSWORD_HINT, SHORTEST_PASSWORD } from "./NewPassword";
import { useFaults } from "./useFaults";

export type Form = { display_name: string; handle: string; email: string; password: string; answer: string };

export function faultOf(name: keyof Form, value: string): string | null {
  switch (name) {
    case "display_name":
      return value.trim() ? null : "Enter the name people will see. It can be changed later.";
    case "handle":
      return /^[a-z0-9_]{3,30}$/.test(value) ? null : "A handle has 3 to 30 small letters, digits or _.";
    case "email":
      return /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value.trim()) ? null : "Enter an address like name@example.org.";
    case "password":
      return value.length >= SHORTEST_PASSWORD ? null : `Use ${PASSWORD_HINT}`;
    case "answer":
      return value.trim() ? null : "Write a few words: somebody will read them.";
  }
}

type Props = {
  title: string;
  words: string;
  foot?: ReactNode;
  withEmail: boolean;
  /** What the operators ask of who applies; the server alone knows whether an invitation spares it. */
  question?: string | undefined;
  questionHint?: string;
  press?: string;
  /** What the pressed button says meanwhile. */
  busyWords?: string | null;
  children?: ReactNode;
  onSubmit: (form: Form) => Promise<void>;
};

/** Everything a new account needs; its address is left out where a letter has proven it. */
export function AccountForm({ title, words, foot, withEmail, question, questionHint, press = "Create account", busyWords, children, onSubmit }: Props) {
  const [form, setForm] = useState<Form>({ display_name: "", handle: "", email: "", password: "", answer: "" });
  const [busy, setBusy] = useState(false);
  const names: (keyof Form)[] = withEmail ? ["display_name", "handle", "email", "password"] : ["display_name", "handle", "password"];
  if (question && !questionHint) names.push("answer");
  const faults = useFaults([...names, "answer", "invitation"]);

  const bind = (name: keyof Form) => ({
    name,
    value: form[name],
    fault: faults.of(name),
    onChange: (value: string) => setForm((now) => ({ ...now, [name]: name === "handle" ? value.toLowerCase().replace(/^@/, "") : value })),
    onBlur: () => {
      const fault = form[name] ? faultOf(name, form[name]) : null;
      faults.put(name, fault ?? "");
    },
  });

  async function submit() {
    faults.clear();
    const wrong = names.map((name) => [name, faultOf(name, form[name])] as const).filter(([, fault]) => fault);
    for (const [name, fault] of wrong) faults.put(name, fault ?? "");
    if (wrong.length) return;
    setBusy(true);
    try {
      await onSubmit({ ...form, email: form.email.trim(), display_name: form.display_name.trim(), answer: form.answer.trim() });
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  return (
    <Gate title={title} words={words} fault={faults.general ?? faults.of("invitation")} onSubmit={() => void submit()} foot={foot}>
      {children}
      <Field label="Name" hint="What people see beside your films." autoComplete="name" maxLength={80} {...bind("display_name")} />
      <Field label="Handle" hint="Your address here, like @lena." autoComplete="username" maxLength={30} {...bind("handle")} />
      {withEmail ? <Field label="E-mail" hint="For signing in. Nobody but the operators sees it." type="email" inputMode="email" autoComplete="email" maxLength={254} {...bind("email")} /> : null}
      <NewPassword label="Password" words={[form.email, form.handle, form.display_name]} {...bind("password")} />
      {question ? <Field label={question} lines={4} maxLength={1000} hint={questionHint ?? "The operators of this house read it."} {...bind("answer")} /> : null}
      <p className="text-ui text-ink-2">
        Making an account agrees that this house keeps{" "}
        <Link to="/privacy" className="link">
          what it says here
        </Link>
        .
      </p>
      <Button type="submit" look="primary" isPending={busy}>
        {busyWords ?? press}
      </Button>
    </Gate>
  );
}
