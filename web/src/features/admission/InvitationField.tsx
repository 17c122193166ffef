import { Field } from "@/ui/Field";
import type { Door } from "./useDoor";

/** For somebody who came without the link, but has it. */
export function InvitationField({ door }: { door: Door }) {
  return <Field label="Invitation" name="invitation" hint="The link that somebody gave you." autoComplete="off" maxLength={400} value={door.typed} onChange={door.setTyped} />;
}
