import type { Session } from "@/api/types";
import { Button } from "@/ui/Button";
import { When } from "@/ui/When";

/** Browsers where somebody is signed in. Without `onEnd` they are only shown. */
export function SessionLines({ items, busy, onEnd }: { items: Session[]; busy: boolean; onEnd?: ((one: Session) => void) | undefined }) {
  return (
    <ul className="grid">
      {items.map((one) => (
        <li key={one.id} className="flex items-center justify-between gap-x-4 border-t border-line py-3 first:border-0 first:pt-0">
          <span className="min-w-0">
            <span className="block text-ui font-semibold [overflow-wrap:anywhere]">
              {one.device}
              {one.current ? " · this browser" : ""}
            </span>
            <span className="meta">
              {one.place ? `${one.place} · ` : ""}since <When moment={one.created_at} /> · used <When moment={one.last_used_at} />
            </span>
          </span>
          {one.current || !onEnd ? null : (
            <Button small className="flex-none" isDisabled={busy} onPress={() => onEnd(one)} aria-label={`Sign out: ${one.device}`}>
              Sign out
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
