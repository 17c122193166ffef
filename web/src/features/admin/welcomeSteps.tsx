import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ComponentType, useState } from "react";
import { meQuery } from "@/api/accounts";
import { policyQuery } from "@/api/admission";
import { tryMail } from "@/api/firstSteps";
import type { FirstStep, FirstSteps } from "@/api/types";
import { may } from "@/app/shell/rooms";
import { EmailForm } from "@/features/accounts/settings/EmailPart";
import { OwnFactors } from "@/features/accounts/settings/FactorsPart";
import { PasswordForm } from "@/features/accounts/settings/PasswordPart";
import { DoorsForm } from "@/features/admission/Doors";
import { size } from "@/lib/amount";
import { exact } from "@/lib/time";
import { Button, buttonClass } from "@/ui/Button";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { When } from "@/ui/When";

type Name = FirstStep["name"];
type BodyProps = { data: FirstSteps; onDone: () => void };

/** What each step is, and why it is asked for in one line. */
export const WORDS: Record<Name, { title: string; why: (data: FirstSteps) => string }> = {
  password: {
    title: "A password and an address of your own",
    why: ({ password_ends_at, email_named }) =>
      password_ends_at
        ? `The first password stood on a screen. It signs you in until ${exact(password_ends_at)}.`
        : email_named
          ? "Nobody else has seen your password, and letters find you."
          : "Letters to you, and links for a forgotten password, need an address that is yours.",
  },
  factor: { title: "A second factor", why: () => "Then nobody gets in with your password alone. Keep the recovery codes where your devices are not." },
  address: {
    title: "The address of this house",
    why: ({ address }) => `It believes that it is at ${address}: links in letters, and what people may open, follow from it.`,
  },
  mail: { title: "Letters", why: () => "Forgotten passwords, proven addresses and warnings about sign-ins go by mail." },
  doors: { title: "Who may join", why: () => "Until you choose, everybody who finds this house may make an account." },
  backup: {
    title: "A first backup",
    why: ({ backup_at }) => (backup_at ? "Make one often, and keep it on another machine." : "Films, accounts and keys lie in one place. What is lost there is lost."),
  },
  film: { title: "The first film", why: () => "You see the whole way, from upload to screen, before others do." },
};

export const BODIES: Record<Name, ComponentType<BodyProps>> = {
  password: Password,
  factor: ({ onDone }) => <OwnFactors onChange={onDone} />,
  address: Address,
  mail: Mail,
  doors: Doors,
  backup: Backup,
  film: () => (
    <div>
      <Link to="/upload" className={buttonClass()}>
        Upload a film
      </Link>
    </div>
  ),
};

function Password({ data, onDone }: BodyProps) {
  const { data: me } = useQuery(meQuery);
  return (
    <div className="grid gap-4">
      {data.password_ends_at ? <PasswordForm onDone={onDone} /> : <p className="text-ui">Your password is your own.</p>}
      {data.email_named || !me?.account ? null : (
        <div className="border-t border-line pt-4">
          <h3 className="mb-3">Your address</h3>
          <EmailForm account={me.account} mail={me.mail} onDone={onDone} />
        </div>
      )}
    </div>
  );
}

function Address({ data: { address } }: BodyProps) {
  if (address.startsWith("https://")) return <p className="text-ui">Other devices reach it by https, where sign-ins and passkeys work.</p>;
  return (
    <div className="grid max-w-[62ch] gap-2 text-ui text-ink-2">
      <p>Without https it can be used on this machine alone: browsers keep no sign-in on plain http from another device. If that is what you want, skip this step.</p>
      <p>
        Else put a proxy with a certificate before it (“deploy” in its repository has two that are ready), set <code>MATINEE_PUBLIC_URL</code> to its address, such as{" "}
        <code>https://films.example</code>, and start the house again.
      </p>
    </div>
  );
}

function Mail({ data, onDone }: BodyProps) {
  const [busy, setBusy] = useState(false);
  async function send() {
    setBusy(true);
    try {
      await tryMail();
      onDone();
      toast("Handed over. Look into your mailbox, among unwanted mail, too.");
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work. Try again.");
    }
    setBusy(false);
  }
  if (!data.mail)
    return (
      <p className="max-w-[62ch] text-ui text-ink-2">
        None leave so far, and the house works without: you hand out links by <code>matinee account link</code>. Else set <code>MATINEE_MAIL</code>, such as{" "}
        <code>smtps://USER:PASSWORD@mail.example</code>, and start the house again.
      </p>
    );
  return (
    <div className="grid gap-4">
      {data.letter_at ? (
        <p className="text-ui">
          A letter left <When moment={data.letter_at} />.
        </p>
      ) : null}
      <div>
        <Button isPending={busy} isDisabled={!data.email_named} onPress={() => void send()}>
          Send a letter to me
        </Button>
        {data.email_named ? null : <p className="hint">Name an address of your own first.</p>}
      </div>
    </div>
  );
}

function Doors({ onDone }: BodyProps) {
  const { data: me } = useQuery(meQuery);
  const allowed = may(me, "admission.manage");
  const { data, error, refetch } = useQuery({ ...policyQuery, enabled: allowed });
  if (!allowed) return <p className="text-ui text-ink-2">Who holds the permission “admission.manage” decides this.</p>;
  if (data) return <DoorsForm key={data.changed_at ?? "first"} policy={data} onDone={onDone} />;
  return error ? <Fault error={error} what="The doors did not come" retry={() => void refetch()} /> : <Ghost className="h-72" />;
}

function Backup({ data: { backup_at, disk } }: BodyProps) {
  return (
    <div className="grid max-w-[62ch] gap-2 text-ui text-ink-2">
      <p>
        {backup_at ? (
          <>
            The last one was begun <When moment={backup_at} />.
          </>
        ) : (
          "None was made yet."
        )}{" "}
        In the terminal of the house, also while it runs:
      </p>
      <p>
        <code className="[overflow-wrap:anywhere]">matinee backup /mnt/elsewhere/matinee.tar</code>
      </p>
      {disk ? (
        <p className="num">
          {size(disk.free_bytes)} of {size(disk.total_bytes)} are free where the films are.
        </p>
      ) : null}
    </div>
  );
}
