import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { meQuery } from "@/api/accounts";
import { confirmEmail } from "@/api/recovery";
import { Button } from "@/ui/Button";
import { useTitle } from "@/ui/useTitle";
import { Gate } from "./Gate";
import { Told } from "./Told";
import { useFaults } from "./useFaults";
import { CHECKED_ON_PRESS, useSecret } from "./useSecret";

/** A button, since programs that look through mail follow links too. */
export function ConfirmAddressPage() {
  useTitle("Confirm your address");
  const cache = useQueryClient();
  const token = useSecret();
  const [busy, setBusy] = useState(false);
  const [proven, setProven] = useState(false);
  const faults = useFaults([]);
  const again = (
    <Link to="/settings" className="link">
      Another letter can be sent from Settings
    </Link>
  );

  async function submit() {
    faults.clear();
    setBusy(true);
    try {
      await confirmEmail(token);
      setProven(true);
      await cache.invalidateQueries({ queryKey: meQuery.queryKey });
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  if (!token) return <Told title="This link is not whole">Open it from the letter once more, or copy all of it. {again}</Told>;
  if (proven) return <Told title="Your address is confirmed">It is the address of your account from now on. You may close this page.</Told>;
  return (
    <Gate title="Confirm your address" words={CHECKED_ON_PRESS} fault={faults.general} onSubmit={() => void submit()} foot={again}>
      <Button type="submit" look="primary" isPending={busy}>
        Confirm this address
      </Button>
    </Gate>
  );
}
