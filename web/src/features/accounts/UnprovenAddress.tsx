import { useState } from "react";
import type { Me } from "@/api/types";
import { Button } from "@/ui/Button";
import { SendAgain } from "./settings/EmailPart";

/** Above every page until the address is proven, where the house can write to it. */
export function UnprovenAddress({ me }: { me: Me }) {
  const [later, setLater] = useState(false);
  if (later || !me.mail || !me.account || me.account.email_verified) return null;
  const to = me.account.wanted_email ?? me.account.email;
  return (
    <section aria-label="Your address" className="panel mb-5 flex flex-wrap items-center gap-3 p-4">
      <p className="min-w-0 flex-1 basis-60 text-ui [overflow-wrap:anywhere]">Confirm your address {to}: without it, a forgotten password cannot be replaced by letter.</p>
      <SendAgain to={to} />
      <Button small look="quiet" onPress={() => setLater(true)}>
        Later
      </Button>
    </section>
  );
}
