import { WarningCircleIcon } from "@phosphor-icons/react/WarningCircle";
import type { Notice } from "@/api/types";
import { When } from "@/ui/When";

const WORDS: Record<Notice["kind"], { what: string; then: string; bad?: boolean }> = {
  session_copied: { what: "A sign-in of yours was used from two places, so it was ended", then: "If you do not know the second one, choose another password.", bad: true },
  codes_guessed: { what: "Somebody who knows your password tried wrong codes", then: "They did not get in. If this was not you, choose another password.", bad: true },
  code_again: { what: "A code of your app that had counted already was given again, and refused", then: "If this was not you, choose another password.", bad: true },
  password_known: { what: "Your password was found in a list of common and leaked ones", then: "It still works. Choose another one before somebody tries it.", bad: true },
  passkey_copied: { what: "A passkey of yours counted backwards, as a copy would, and was refused", then: "If you do not know why, remove it and add a new one.", bad: true },
  factor_added: { what: "A second factor was added", then: "If this was not you, remove it and choose another password." },
  factor_removed: { what: "A second factor was removed", then: "If this was not you, choose another password." },
  factors_reset: { what: "The operator removed all your second factors", then: "Set up a new one here." },
  link_handed_out: { what: "The operator made a link by which a new password can be chosen", then: "If you did not ask for it, write to the operator." },
  new_place: { what: "Somebody signed in from a device and place that were not seen together here lately", then: "If this was not you, end it below and choose another password." },
  looked_at: { what: "An operator of this house looked at it through your eyes", then: "They changed nothing, and could not reach what keeps your account safe." },
  token_ends: { what: "The access of a program ends soon. Told", then: "If it is still needed, give it another one in time." },
  recovery_code_used: { what: "A recovery code was used", then: "If this was not you, choose another password and make new codes." },
};

/** Something about signing in that the owner should know. */
export function NoticeLine({ notice }: { notice: Notice }) {
  const { what, then, bad } = WORDS[notice.kind];
  return (
    <p role={bad ? "alert" : undefined} className={`mb-3 flex gap-2 rounded-control border p-3 text-ui ${bad ? "border-bad" : "border-line"}`}>
      <WarningCircleIcon size={20} className={`flex-none ${bad ? "text-bad" : "text-ink-3"}`} aria-hidden="true" />
      <span>
        {what} <When moment={notice.at} />: {[notice.device, notice.place].filter(Boolean).join(", ")}. {notice.reason ? `“${notice.reason}” ` : ""}
        {then}
      </span>
    </p>
  );
}
