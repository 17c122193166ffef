import { useQuery } from "@tanstack/react-query";
import { meQuery } from "@/api/accounts";
import { InvitationsPart } from "@/features/admission/InvitationsPart";
import { Fault, Ghost } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { AccountPart } from "./settings/AccountPart";
import { Contents } from "./settings/Contents";
import { CopiesPart } from "./settings/CopiesPart";
import { EmailPart } from "./settings/EmailPart";
import { FactorsPart } from "./settings/FactorsPart";
import { HistoryPart } from "./settings/HistoryPart";
import { LookPart } from "./settings/LookPart";
import { PasswordPart } from "./settings/PasswordPart";
import { PermissionsPart } from "./settings/PermissionsPart";
import { ProfilePart } from "./settings/ProfilePart";
import { SessionsPart } from "./settings/SessionsPart";
import { TokensPart } from "./settings/TokensPart";

export function SettingsPage() {
  useTitle("Settings");
  const { data: me, error, refetch } = useQuery(meQuery);
  return (
    <div className="max-w-[720px] wide:max-w-none">
      <h1 className="mb-5">Settings</h1>
      {me?.account?.factor_due ? (
        <div className="grid max-w-[720px] gap-5">
          <p role="status" className="panel p-5">
            Your role needs a second factor. Set one up here: an app that makes codes, or a passkey. Everything else opens then.
          </p>
          <FactorsPart />
        </div>
      ) : me?.account ? (
        <Contents>
          <LookPart me={me} />
          {me.profile ? <ProfilePart profile={me.profile} keptDays={me.limits.handle_kept_days} /> : null}
          <PasswordPart />
          <FactorsPart />
          <EmailPart account={me.account} mail={me.mail} />
          <SessionsPart />
          <TokensPart />
          <InvitationsPart />
          <PermissionsPart />
          <HistoryPart />
          <CopiesPart />
          <AccountPart email={me.account.email ?? ""} days={me.limits.leaving_days} />
        </Contents>
      ) : error ? (
        <Fault error={error} what="Your settings did not come" retry={() => void refetch()} />
      ) : (
        <Ghost className="h-96 max-w-[720px]" />
      )}
    </div>
  );
}
