import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { signIn } from "@/api/accounts";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { useTitle } from "@/ui/useTitle";
import { Gate } from "./Gate";
import { isPrivate, NotPrivate } from "./NotPrivate";
import { useArrive } from "./useArrive";
import { useFaults } from "./useFaults";

const route = getRouteApi("/shell/sign-in");

export function SignInPage() {
  return isPrivate() ? <SignIn /> : <NotPrivate />;
}

function SignIn() {
  useTitle("Sign in");
  const { next } = route.useSearch();
  const arrive = useArrive(next);
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["login", "password"]);

  async function submit() {
    faults.clear();
    if (!login.trim()) faults.put("login", "Enter your e-mail address or your handle.");
    if (!password) faults.put("password", "Enter your password.");
    if (!login.trim() || !password) return;
    setBusy(true);
    try {
      await signIn(login.trim(), password);
      await arrive();
    } catch (error) {
      faults.take(error);
      setBusy(false);
    }
  }

  return (
    <Gate
      title="Sign in"
      words="Upload films, keep your place in every film, and see what is being made."
      fault={faults.general}
      onSubmit={() => void submit()}
      foot={
        <>
          New here?{" "}
          <Link to="/sign-up" search={next ? { next } : {}} className="link">
            Create an account
          </Link>
        </>
      }
    >
      <Field label="E-mail or handle" name="login" autoComplete="username" value={login} onChange={setLogin} fault={faults.of("login")} />
      <div>
        <Field label="Password" name="password" type="password" autoComplete="current-password" value={password} onChange={setPassword} fault={faults.of("password")} />
        <p className="mt-2 text-right text-ui">
          <Link to="/forgot-password" className="link">
            Forgot your password?
          </Link>
        </p>
      </div>
      <Button type="submit" look="primary" isPending={busy}>
        Sign in
      </Button>
    </Gate>
  );
}
