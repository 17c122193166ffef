import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { signIn } from "@/api/accounts";
import { signInWithPasskey } from "@/api/factors";
import type { FactorKind } from "@/api/types";
import { passkeysHere } from "@/lib/passkeys";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { useTitle } from "@/ui/useTitle";
import { Gate } from "./Gate";
import { isPrivate, NotPrivate } from "./NotPrivate";
import { SecondStep } from "./SecondStep";
import { useArrive } from "./useArrive";
import { useFaults } from "./useFaults";
import { usePasskeyInField } from "./usePasskeyInField";

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
  const [busy, setBusy] = useState<"password" | "passkey" | null>(null);
  const [asked, setAsked] = useState<FactorKind[] | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const stopOffering = usePasskeyInField(asked === null, arrive);
  const faults = useFaults(["login", "password"]);

  async function submit() {
    faults.clear();
    if (!login.trim()) faults.put("login", "Enter your e-mail address or your handle.");
    if (!password) faults.put("password", "Enter your password.");
    if (!login.trim() || !password) return;
    await go("password", async () => {
      const factors = await signIn(login.trim(), password);
      if (!factors) return true;
      stopOffering.current();
      setPassword("");
      setAsked(factors);
      setBusy(null);
      return false;
    });
  }

  async function go(way: "password" | "passkey", run: () => Promise<boolean>) {
    setOver(null);
    setBusy(way);
    try {
      if (await run()) await arrive();
    } catch (error) {
      faults.take(error);
      setBusy(null);
    }
  }

  if (asked)
    return (
      <SecondStep
        factors={asked}
        onIn={arrive}
        onOver={(why) => {
          setAsked(null);
          setOver(why);
        }}
      />
    );

  return (
    <Gate
      title="Sign in"
      words="Upload films, keep your place in every film, and see what is being made."
      fault={faults.general ?? over}
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
      <Field label="E-mail or handle" name="login" autoComplete="username webauthn" value={login} onChange={setLogin} fault={faults.of("login")} />
      <div>
        <Field label="Password" name="password" type="password" autoComplete="current-password" value={password} onChange={setPassword} fault={faults.of("password")} />
        <p className="mt-2 text-right text-ui">
          <Link to="/forgot-password" className="link">
            Forgot your password?
          </Link>
        </p>
      </div>
      <Button type="submit" look="primary" isPending={busy === "password"} isDisabled={busy === "passkey"}>
        Sign in
      </Button>
      {passkeysHere() ? (
        <Button
          isPending={busy === "passkey"}
          isDisabled={busy === "password"}
          onPress={() => {
            faults.clear();
            stopOffering.current();
            void go("passkey", () => signInWithPasskey());
          }}
        >
          Sign in with a passkey
        </Button>
      ) : null}
    </Gate>
  );
}
