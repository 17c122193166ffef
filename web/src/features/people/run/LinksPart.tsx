import { useState } from "react";
import { handOutLink } from "@/api/directory";
import type { PersonPage } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { Button } from "@/ui/Button";
import { useAct } from "./useAct";

/** For who gets no letters: a link that is given over another way. */
export function LinksPart({ person }: { person: PersonPage }) {
  const { act, busy } = useAct(person.id);
  const [link, setLink] = useState<string | null>(null);

  function make(kind: "reset" | "verify") {
    void act(async () => setLink((await handOutLink(person.id, kind)).link), "The link is made.");
  }

  return (
    <Part title="Links to hand out" words="Where no letter goes. A link works once, for a day, and replaces the one before: whoever has it has the account, so give it over a way that you trust.">
      {link ? (
        <div role="status" className="mb-4 rounded-control border border-line p-3">
          <p className="text-ui font-semibold">Copy the link now: it is shown this once.</p>
          <code className="my-2 block text-ui [overflow-wrap:anywhere]" data-testid="link">
            {link}
          </code>
          <Button small onPress={() => setLink(null)}>
            I have it
          </Button>
        </div>
      ) : null}
      <div className="flex flex-wrap gap-2">
        <Button small isDisabled={busy} onPress={() => make("reset")}>
          To choose a new password
        </Button>
        {person.email_verified_at ? null : (
          <Button small isDisabled={busy} onPress={() => make("verify")}>
            To prove the address
          </Button>
        )}
      </div>
    </Part>
  );
}
