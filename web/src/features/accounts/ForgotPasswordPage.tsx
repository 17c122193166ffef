import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { meQuery } from "@/api/accounts";
import { askReset } from "@/api/recovery";
import { Ghost } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { AskLetter } from "./AskLetter";
import { Told } from "./Told";

export function ForgotPasswordPage() {
  useTitle("Forgot your password?");
  const { data: me, isPending } = useQuery(meQuery);
  if (isPending) return <Ghost className="mx-auto mt-14 h-64 max-w-[420px]" />;
  if (me && !me.mail) return <Told title="Ask the operator">This house sends no letters. Its operator can give you a link to choose a new password.</Told>;
  return (
    <AskLetter
      title="Forgot your password?"
      words="Say who you are, and a letter with a link goes to the address of your account."
      foot={
        <Link to="/sign-in" search={{}} className="link">
          Back to signing in
        </Link>
      }
      name="login"
      label="E-mail or handle"
      faultOf={(value) => (value.trim() ? null : "Enter your e-mail address or your handle.")}
      ask={askReset}
      sent="If there is such an account, a letter is on its way to its address. Its link works for 30 minutes. Look among unwanted mail, too."
    />
  );
}
