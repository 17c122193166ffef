import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { invitationsQuery, makeInvitation, revokeInvitation } from "@/api/admission";
import { Part } from "@/features/accounts/settings/Part";
import { useFaults } from "@/features/accounts/useFaults";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { When } from "@/ui/When";
import { InvitationList } from "./InvitationList";
import { NewLink } from "./NewLink";

/** All invitations of the house, a form for another one, and who came by whose. */
export function HouseInvitations() {
  const cache = useQueryClient();
  const list = useQuery(invitationsQuery);
  const [link, setLink] = useState<string | null>(null);

  async function refresh() {
    await cache.invalidateQueries({ queryKey: invitationsQuery.queryKey });
  }

  async function revoke(id: string) {
    try {
      await revokeInvitation(id);
      toast("It opens nothing any more.");
    } catch (error) {
      toast(error instanceof Error ? error.message : "It was not taken back.");
    }
    await refresh();
  }

  return (
    <Part title="Invitations" words="A link that lets people in, also where others wait or are not taken.">
      {link ? (
        <NewLink link={link} onDone={() => setLink(null)} />
      ) : (
        <Make
          onMade={(made) => {
            setLink(made);
            void refresh();
          }}
        />
      )}
      {list.isPending ? <Ghost className="h-16" /> : null}
      {list.isError && !list.data ? <Fault error={list.error} what="The invitations did not come" retry={() => void list.refetch()} /> : null}
      {list.data ? <InvitationList items={list.data.items} withMaker onRevoke={(id) => void revoke(id)} /> : null}
      {list.data?.invited.length ? (
        <>
          <h3 className="mt-4 text-ui font-semibold">Who came by whose</h3>
          <ul className="mt-1 grid gap-1 text-ui text-ink-2">
            {list.data.invited.map((came) => (
              <li key={`${came.handle ?? ""}${came.at}`}>
                @{came.handle ?? "nobody"} by @{came.by ?? "nobody"}, <When moment={came.at} />
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </Part>
  );
}

function Make({ onMade }: { onMade: (link: string) => void }) {
  const [note, setNote] = useState("");
  const [uses, setUses] = useState("1");
  const [days, setDays] = useState("30");
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["note", "uses", "days"]);

  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    faults.clear();
    setBusy(true);
    try {
      onMade((await makeInvitation({ note: note.trim(), uses: Number(uses), days: Number(days) })).link);
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="mb-5 grid gap-3" aria-label="Make an invitation">
      <Field label="For whom" hint="A note for the operators." maxLength={80} autoComplete="off" value={note} onChange={setNote} fault={faults.of("note")} />
      <div className="grid grid-cols-2 gap-3">
        <Field label="People" hint="1 to 1000 may come by it." inputMode="numeric" autoComplete="off" value={uses} onChange={setUses} fault={faults.of("uses")} />
        <Field label="Days" hint="Until it ends, 365 at most." inputMode="numeric" autoComplete="off" value={days} onChange={setDays} fault={faults.of("days")} />
      </div>
      {faults.general ? (
        <p role="alert" className="fault">
          {faults.general}
        </p>
      ) : null}
      <div>
        <Button type="submit" isPending={busy} isDisabled={!/^\d{1,4}$/.test(uses) || !/^\d{1,3}$/.test(days)}>
          Make a link
        </Button>
      </div>
    </form>
  );
}
