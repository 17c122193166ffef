import { endSessionOf, signOutOf } from "@/api/directory";
import type { PersonPage } from "@/api/types";
import { Part } from "@/features/accounts/settings/Part";
import { SessionLines } from "@/features/accounts/settings/SessionLines";
import { Button } from "@/ui/Button";
import { When } from "@/ui/When";
import { useAct } from "./useAct";

export function SignInsPart({ person }: { person: PersonPage }) {
  const { act, busy } = useAct(person.id);
  if (!person.sessions) return null;
  return (
    <Part title="Sign-ins" words="Browsers where this account is signed in. One that is ended counts nowhere within five seconds.">
      <p className="mb-3 text-ui text-ink-2">Last here: {person.seen_at ? <When moment={person.seen_at} /> : "never"}.</p>
      {person.sessions.length === 0 ? <p className="text-ui text-ink-2">Signed in nowhere.</p> : null}
      <SessionLines
        items={person.sessions}
        busy={busy}
        onEnd={person.closed ? undefined : (one) => void act(() => endSessionOf(person.id, one.id), `${one.device} is signed out.`)}
      />
      {person.sessions.length && !person.closed ? (
        <div className="mt-3">
          <Button small isDisabled={busy} onPress={() => void act(() => signOutOf(person.id), "Signed out everywhere.")}>
            Sign out everywhere
          </Button>
        </div>
      ) : null}
    </Part>
  );
}
