import { useState } from "react";
import { Button } from "@/ui/Button";
import { SendAgain } from "./SendAgain";

/** Above every page until the address is proven, where the house can write to it. */
export default function UnprovenAddress({ to }: { to: string }) {
  const [later, setLater] = useState(false);
  if (later) return null;
  return (
    <section aria-label="Your address" className="panel mb-5 flex flex-wrap items-center gap-3 p-4">
      <p className="min-w-0 flex-1 basis-60 text-ui [overflow-wrap:anywhere]">Confirm your address {to}: a letter goes there when you forget your password. Another one can be entered in Settings.</p>
      <SendAgain to={to} />
      <Button small look="quiet" onPress={() => setLater(true)}>
        Later
      </Button>
    </section>
  );
}
