import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { meQuery, signUp } from "@/api/accounts";
import { useTitle } from "@/ui/useTitle";
import { AccountForm } from "./AccountForm";
import { Told } from "./Told";
import { useArrive } from "./useArrive";
import { CHECKED_ON_PRESS, useSecret } from "./useSecret";

export function JoinPage() {
  useTitle("Finish your account");
  const token = useSecret();
  const arrive = useArrive(undefined);
  const { data: me } = useQuery(meQuery);
  const again = (
    <Link to="/sign-up" search={{}} className="link">
      Ask for another letter
    </Link>
  );
  if (!token) return <Told title="This link is not whole">Open it from the letter once more, or copy all of it. {again}</Told>;
  return (
    <AccountForm
      title="Finish your account"
      words={`Choose how people see you, and a password. ${CHECKED_ON_PRESS}`}
      foot={again}
      withEmail={false}
      question={me?.signup_question}
      questionHint="The operators read it. Who was invited may leave it empty."
      onSubmit={async ({ display_name, handle, password, answer }) => {
        await signUp({ token, display_name, handle, password, answer });
        await arrive();
      }}
    />
  );
}
