import { exact } from "@/lib/time";
import { Button } from "@/ui/Button";

type Shown = { id: string; note: string; uses: number; used: number; expires_at: string; made_by?: string | null };

/** Invitations, each with the button that takes it back. `withMaker`: of the whole house. */
export function InvitationList({ items, withMaker = false, onRevoke }: { items: Shown[]; withMaker?: boolean; onRevoke: (id: string) => void }) {
  return (
    <ul className="grid empty:hidden">
      {items.map((one) => {
        const name = one.note || "without a note";
        return (
          <li key={one.id} className="flex items-center justify-between gap-x-4 border-t border-line py-3 first:border-0">
            <span className="min-w-0">
              <span className="block text-ui font-semibold [overflow-wrap:anywhere]">{one.note || "Without a note"}</span>
              <span className="meta">
                {withMaker ? `${one.made_by ? `@${one.made_by}` : "made in the terminal"} · ` : ""}
                {one.uses === 1 && one.used === 0 ? "for one" : `${one.used} of ${one.uses} came`}
                {` · ${isOver(one) ? "ended" : "ends"} ${exact(one.expires_at)}`}
              </span>
            </span>
            <Button small className="flex-none" onPress={() => onRevoke(one.id)} aria-label={`${isOver(one) ? "Forget" : "Take back"}: invitation ${name}`}>
              {isOver(one) ? "Forget" : "Take back"}
            </Button>
          </li>
        );
      })}
    </ul>
  );
}

function isOver(one: Shown): boolean {
  return one.used >= one.uses || Date.parse(one.expires_at) <= Date.now();
}
