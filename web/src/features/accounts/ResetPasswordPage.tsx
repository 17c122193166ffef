import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { resetPassword } from "@/api/recovery";
import { Button } from "@/ui/Button";
import { Toggle } from "@/ui/Toggle";
import { useTitle } from "@/ui/useTitle";
import { Gate } from "./Gate";
import { NewPassword, PASSWORD_HINT, SHORTEST_PASSWORD } from "./NewPassword";
import { Told } from "./Told";
import { useFaults } from "./useFaults";
import { CHECKED_ON_PRESS, useSecret } from "./useSecret";

export function ResetPasswordPage() {
  useTitle("Choose a new password");
  const token = useSecret();
  const [password, setPassword] = useState("");
  const [programs, setPrograms] = useState(false);
  const [busy, setBusy] = useState(false);
  const [changed, setChanged] = useState(false);
  const faults = useFaults(["password"]);
  const again = (
    <Link to="/forgot-password" className="link">
      Ask for another letter
    </Link>
  );

  async function submit() {
    faults.clear();
    if (password.length < SHORTEST_PASSWORD) {
      faults.put("password", `Use ${PASSWORD_HINT}`);
      return;
    }
    setBusy(true);
    try {
      await resetPassword(token, password, programs);
      setChanged(true);
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  if (!token) return <Told title="This link is not whole">Open it from the letter once more, or copy all of it. {again}</Told>;
  if (changed)
    return (
      <Told title="Your password is changed">
        Every browser was signed out.{" "}
        <Link to="/sign-in" search={{}} className="link">
          Sign in with the new one
        </Link>
      </Told>
    );
  return (
    <Gate title="Choose a new password" words={`${CHECKED_ON_PRESS} Then every browser is signed out.`} fault={faults.general} onSubmit={() => void submit()} foot={again}>
      <NewPassword label="New password" value={password} onChange={setPassword} fault={faults.of("password")} />
      <Toggle isSelected={programs} onChange={setPrograms}>
        End the access of programs and devices, too
      </Toggle>
      <Button type="submit" look="primary" isPending={busy}>
        Change password
      </Button>
    </Gate>
  );
}
