import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { meQuery, signUp } from "@/api/accounts";
import { askJoin } from "@/api/admission";
import { Problem } from "@/api/client";
import { InvitationField } from "@/features/admission/InvitationField";
import { useDoor } from "@/features/admission/useDoor";
import { Fault, Ghost } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { AccountForm, faultOf } from "./AccountForm";
import { AskLetter } from "./AskLetter";
import { isPrivate, NotPrivate } from "./NotPrivate";
import { useArrive } from "./useArrive";

const route = getRouteApi("/shell/sign-up");
const TITLE = "Create an account";
const WORDS = "One account for watching, uploading and your own page.";

export function SignUpPage() {
  return isPrivate() ? <SignUp /> : <NotPrivate />;
}

function SignUp() {
  useTitle(TITLE);
  const { next } = route.useSearch();
  const cache = useQueryClient();
  const arrive = useArrive(next);
  const { data: me, isPending, error, refetch } = useQuery(meQuery);
  const door = useDoor(me);

  /** An operator may have changed the doors since this page was opened: then it shows the new ones. */
  async function knock(act: () => Promise<unknown>) {
    try {
      await act();
    } catch (fault) {
      if (fault instanceof Problem && fault.code.startsWith("admission.")) void cache.invalidateQueries({ queryKey: meQuery.queryKey });
      throw fault;
    }
  }

  const signInLink = (
    <>
      You have one?{" "}
      <Link to="/sign-in" search={next ? { next } : {}} className="link">
        Sign in
      </Link>
      {" · "}
      <Link to="/privacy" className="link">
        What this house keeps
      </Link>
    </>
  );
  if (isPending) return <Ghost className="mx-auto mt-14 h-96 max-w-[420px]" />;
  if (!me) return <Fault error={error} what="This page did not come" retry={() => void refetch()} level={1} />;
  if (me.signup === "closed")
    return (
      <div className="mx-auto max-w-[420px] py-14">
        <h1>This house takes no new accounts</h1>
        <p className="mt-2 text-ink-2">New accounts are made by its operator. {signInLink}</p>
      </div>
    );
  const how = door.byLink
    ? "You come by an invitation."
    : me.signup === "invitation"
      ? "This house takes new accounts by invitation."
      : door.applies
        ? "An operator looks at every request before the house opens."
        : WORDS;
  const field = door.asksInvitation ? <InvitationField door={door} /> : null;
  if (me.mail)
    return (
      <AskLetter
        title={TITLE}
        words={`${how} It begins with a letter to you.`}
        foot={signInLink}
        name="email"
        label="E-mail"
        faultOf={(value) => faultOf("email", value)}
        ask={(email) => knock(async () => askJoin(email, await door.bring()))}
        busyWords={door.busyWords}
        sent="A letter is on its way to this address. Follow its link to choose a name and a password; it works for two days."
      >
        {field}
      </AskLetter>
    );
  return (
    <AccountForm
      title={TITLE}
      words={how}
      foot={signInLink}
      withEmail
      question={door.applies ? me.signup_question : undefined}
      press={door.applies ? "Ask to be let in" : "Create account"}
      busyWords={door.busyWords}
      onSubmit={async (form) => {
        await knock(async () => signUp({ ...form, ...(await door.bring()) }));
        await arrive();
      }}
    >
      {field}
    </AccountForm>
  );
}
