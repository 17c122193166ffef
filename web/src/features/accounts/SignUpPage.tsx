import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { meQuery, signUp } from "@/api/accounts";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { useTitle } from "@/ui/useTitle";
import { Gate } from "./Gate";
import { useArrive } from "./useArrive";
import { useFaults } from "./useFaults";

const route = getRouteApi("/shell/sign-up");

type Form = { display_name: string; handle: string; email: string; password: string };
const SHORTEST_PASSWORD = 10;

function check(name: keyof Form, value: string): string | null {
  switch (name) {
    case "display_name":
      return value.trim() ? null : "Enter the name people will see. It can be changed later.";
    case "handle":
      return /^[a-z0-9_]{3,30}$/.test(value)
        ? null
        : "A handle has 3 to 30 small letters, digits or _.";
    case "email":
      return /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value.trim()) ? null : "Enter an address like name@example.org.";
    case "password":
      return value.length >= SHORTEST_PASSWORD ? null : `Use ${SHORTEST_PASSWORD} characters or more; a few words in a row are good.`;
  }
}

export function SignUpPage() {
  useTitle("Create an account");
  const { next } = route.useSearch();
  const arrive = useArrive(next);
  const { data: me } = useQuery(meQuery);
  const [form, setForm] = useState<Form>({ display_name: "", handle: "", email: "", password: "" });
  const [busy, setBusy] = useState(false);
  const names: (keyof Form)[] = ["display_name", "handle", "email", "password"];
  const faults = useFaults(names);

  const bind = (name: keyof Form) => ({
    name,
    value: form[name],
    fault: faults.of(name),
    onChange: (value: string) => setForm((now) => ({ ...now, [name]: name === "handle" ? value.toLowerCase().replace(/^@/, "") : value })),
    onBlur: () => {
      const fault = form[name] ? check(name, form[name]) : null;
      faults.put(name, fault ?? "");
    },
  });

  async function submit() {
    faults.clear();
    const wrong = names.map((name) => [name, check(name, form[name])] as const).filter(([, fault]) => fault);
    for (const [name, fault] of wrong) faults.put(name, fault ?? "");
    if (wrong.length) return;
    setBusy(true);
    try {
      await signUp({ ...form, email: form.email.trim(), display_name: form.display_name.trim() });
      await arrive();
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  const signInLink = (
    <>
      You have one?{" "}
      <Link to="/sign-in" search={next ? { next } : {}} className="link">
        Sign in
      </Link>
    </>
  );
  if (me?.signup === "closed")
    return (
      <div className="mx-auto max-w-[420px] py-14">
        <h1>This house is invitation only</h1>
        <p className="mt-2 text-ink-2">New accounts are made by its operator. {signInLink}</p>
      </div>
    );
  return (
    <Gate title="Create an account" words="One account for watching, uploading and your own page." fault={faults.general} onSubmit={() => void submit()} foot={signInLink}>
      <Field label="Name" hint="What people see beside your films." autoComplete="name" maxLength={80} {...bind("display_name")} />
      <Field label="Handle" hint="Your address here, like @lena." autoComplete="username" maxLength={30} {...bind("handle")} />
      <Field label="E-mail" hint="For signing in. Nobody sees it." type="email" inputMode="email" autoComplete="email" maxLength={254} {...bind("email")} />
      <Field label="Password" hint={`${SHORTEST_PASSWORD} characters or more; a few words in a row are good.`} type="password" autoComplete="new-password" maxLength={200} {...bind("password")} />
      <Button type="submit" look="primary" isPending={busy}>
        Create account
      </Button>
    </Gate>
  );
}
