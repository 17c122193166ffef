import { size } from "@/lib/amount";
import { exact } from "@/lib/time";

/** Acts of the audit log in words. What is not known here is shown by its name. */
const ACTS: Record<string, string> = {
  "account.made": "Account made",
  "account.left": "Deletion asked for",
  "account.stayed": "Deletion taken back by signing in",
  "account.erased": "Account erased",
  "account.roles": "Roles changed",
  "role.made": "Role made",
  "role.changed": "Role changed",
  "role.dropped": "Role dropped",
  "account.suspended": "Account suspended",
  "account.limited": "Account limited",
  "account.restored": "Account open again",
  "account.seen": "Account looked at by an operator",
  "account.searched": "Looked for by an address",
  "look.begun": "Look through the person's eyes begun",
  "look.ended": "Look through the person's eyes ended",
  "account.exported": "Copy of all data taken",
  "copy.asked": "Copy of all data asked for",
  "copy.handed_out": "Copy of all data written by the operator",
  "copy.dropped": "Copy of all data called off or removed",
  "copy.fetched": "Copy of all data fetched",
  "session.opened": "Signed in",
  "session.refused": "Sign-in refused",
  "session.ended": "Signed out",
  "session.copied": "A copied sign-in was ended",
  "session.proven": "Proven once more who it is",
  "factor.added": "Second factor added",
  "factor.removed": "Second factor removed",
  "factor.reset": "Second factors removed by the operator",
  "factor.code_used": "Recovery code used",
  "factor.codes_made": "New recovery codes made",
  "factor.copied": "Passkey refused: it may be copied",
  "password.changed": "Password changed",
  "password.reset": "Password chosen anew by a link",
  "password.set": "Password set by the operator",
  "email.asked": "Another address asked for",
  "email.changed": "Address changed",
  "email.proven": "Address confirmed",
  "handle.changed": "Handle changed",
  "token.made": "Access given to a program",
  "token.revoked": "Access of a program ended",
  "device.approved": "Device approved",
  "device.denied": "Device turned away",
  "quota.set": "Storage limit set",
  "link.handed_out": "Link handed out by the operator",
  "signup.changed": "Doors of the house changed",
  "invitation.made": "Invitation made",
  "invitation.used": "Somebody came by an invitation",
  "invitation.revoked": "Invitation taken back",
  "application.made": "Asked to be let in",
  "application.approved": "Let in by an operator",
  "application.refused": "Request refused by an operator",
  "application.withdrawn": "Request taken back",
  "keys.resealed": "Secrets sealed anew under another one",
  "keys.rotated": "New signing key",
  "video.edited": "Video changed",
  "video.deleted": "Video deleted",
  "video.cancelled": "Upload or encode cancelled",
  "video.retried": "Video tried again",
  "encode.cancelled": "Encode cancelled",
  "encode.retried": "Encode tried again",
  "job.retried": "Job tried again",
  "lane.paused": "Lane paused",
  "lane.resumed": "Lane goes on",
  "steps.skipped": "First step skipped",
  "steps.taken_up": "First step taken up again",
  "steps.put_away": "First steps put away",
  "mail.tried": "Letter sent to try the mail",
  "storage.migrated": "Stored files copied elsewhere",
  "backup.begun": "Backup made",
  "backup.restored": "Backup restored",
  "settings.shown": "Settings shown",
  "house.adopted": "Media key and store adopted",
  "audit.shortened": "Old entries removed",
};

/** Things that can be filtered by, as the API names them. */
export const THINGS: { act: string; label: string }[] = [
  { act: "session.", label: "Sign-ins" },
  { act: "account.", label: "Accounts" },
  { act: "look.", label: "Looks" },
  { act: "role.", label: "Roles" },
  { act: "password.", label: "Passwords" },
  { act: "factor.", label: "Second factors" },
  { act: "email.", label: "Addresses" },
  { act: "token.", label: "Programs" },
  { act: "device.", label: "Devices" },
  { act: "link.", label: "Links" },
  { act: "application.", label: "Requests" },
  { act: "invitation.", label: "Invitations" },
  { act: "video.", label: "Videos" },
  { act: "encode.", label: "Encodes" },
  { act: "lane.", label: "Lanes" },
  { act: "keys.", label: "Keys" },
  { act: "backup.", label: "Backups" },
];

type Facts = Record<string, string | number | boolean | string[]>;

export function actWords(act: string): string {
  return ACTS[act] ?? act.replace(".", " ").replaceAll("_", " ");
}

const COUNTED: Record<string, [one: string, many: string]> = { tries: ["try", "tries"], days: ["day", "days"], minutes: ["minute", "minutes"] };
const PLAIN = ["device", "place", "places"];

/** “5 tries · Firefox on Linux”; device and place speak for themselves. */
export function factWords(...groups: (Facts | null | undefined)[]): string {
  return groups
    .flatMap((facts) => Object.entries(facts ?? {}))
    .filter(([, value]) => value !== false && value !== "")
    .map(([name, value]) => factWord(name, value))
    .join(" · ");
}

function factWord(name: string, value: Facts[string]): string {
  const words = Array.isArray(value) ? value.join(", ") : value === true ? "" : String(value);
  if (PLAIN.includes(name)) return words;
  if (name === "name" || name === "reason") return `“${words}”`;
  if (name === "scopes") return `may ${words}`;
  if (name === "until") return `until ${exact(words)}`;
  if (name === "days" && value === 0) return "without end";
  if (name === "limit_bytes") return size(Number(value));
  const counted = COUNTED[name];
  return counted ? `${words} ${counted[value === 1 ? 0 : 1]}` : `${name.replaceAll("_", " ")} ${words}`.trim();
}
