import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { meQuery, signUp } from "@/api/accounts";
import { askJoin } from "@/api/recovery";
import { Ghost } from "@/ui/States";
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
  const arrive = useArrive(next);
  const { data: me, isPending } = useQuery(meQuery);

  const signInLink = (
    <>
      You have one?{" "}
      <Link to="/sign-in" search={next ? { next } : {}} className="link">
        Sign in
      </Link>
    </>
  );
  if (isPending) return <Ghost className="mx-auto mt-14 h-96 max-w-[420px]" />;
  if (me?.signup === "closed")
    return (
      <div className="mx-auto max-w-[420px] py-14">
        <h1>This house is invitation only</h1>
        <p className="mt-2 text-ink-2">New accounts are made by its operator. {signInLink}</p>
      </div>
    );
  if (me?.mail)
    return (
      <AskLetter
        title={TITLE}
        words={`${WORDS} It begins with a letter to you.`}
        foot={signInLink}
        name="email"
        label="E-mail"
        faultOf={(value) => faultOf("email", value)}
        ask={askJoin}
        sent="A letter is on its way to this address. Follow its link to choose a name and a password; it works for two days."
      />
    );
  return (
    <AccountForm
      title={TITLE}
      words={WORDS}
      foot={signInLink}
      withEmail
      onSubmit={async (form) => {
        await signUp(form);
        await arrive();
      }}
    />
  );
}
