import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { makeOwnInvitation, ownInvitationsQuery, revokeOwnInvitation } from "@/api/admission";
import { Part } from "@/features/accounts/settings/Part";
import { plural } from "@/lib/amount";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { InvitationList } from "./InvitationList";
import { NewLink } from "./NewLink";

/** For members, where operators let them invite; nothing where they do not. */
export function InvitationsPart() {
  const cache = useQueryClient();
  const { data } = useQuery(ownInvitationsQuery);
  const [note, setNote] = useState("");
  const [link, setLink] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  if (!data || (data.most === 0 && data.items.length === 0 && data.joined.length === 0)) return null;
  const left = data.most - data.items.length;

  async function run(act: () => Promise<void>, otherwise: string) {
    setBusy(true);
    try {
      await act();
    } catch (error) {
      toast(error instanceof Error ? error.message : otherwise);
    } finally {
      setBusy(false);
    }
    await cache.invalidateQueries({ queryKey: ownInvitationsQuery.queryKey });
  }

  function make(event: SyntheticEvent) {
    event.preventDefault();
    void run(async () => {
      setLink((await makeOwnInvitation(note.trim())).link);
      setNote("");
    }, "No invitation was made.");
  }

  return (
    <Part title="Invitations" words="A link lets one person in, for 30 days. The operators see who came by yours.">
      {link ? (
        <NewLink link={link} onDone={() => setLink(null)} />
      ) : left > 0 ? (
        <form onSubmit={make} className="mb-4 grid gap-3" aria-label="Invite somebody">
          <Field label="For whom" hint={`A note for yourself. You may hand out ${plural(left, "more", "more")}.`} maxLength={80} autoComplete="off" value={note} onChange={setNote} />
          <div>
            <Button type="submit" isPending={busy}>
              Make a link
            </Button>
          </div>
        </form>
      ) : data.most > 0 ? (
        <p className="mb-4 text-ui text-ink-2">All of your invitations are open. Another one is free once somebody comes, or you take one back.</p>
      ) : null}
      <InvitationList items={data.items} onRevoke={(id) => void run(() => revokeOwnInvitation(id), "It was not taken back.")} />
      {data.joined.length ? <p className="mt-3 text-ui text-ink-2">Came by yours: {data.joined.map((handle) => `@${handle}`).join(", ")}</p> : null}
    </Part>
  );
}
