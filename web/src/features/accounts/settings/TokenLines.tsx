import type { Token } from "@/api/types";
import { exact } from "@/lib/time";
import { Button } from "@/ui/Button";
import { When } from "@/ui/When";

/** What programs may do for somebody. Without `onEnd` they are only shown. */
export function TokenLines({ items, onEnd }: { items: Token[]; onEnd?: ((one: Token) => void) | undefined }) {
  return (
    <ul className="grid">
      {items.map((token) => (
        <li key={token.id} className="flex items-center justify-between gap-x-4 border-t border-line py-3 first:border-0 first:pt-0">
          <span className="min-w-0">
            <span className="block text-ui font-semibold [overflow-wrap:anywhere]">{token.name}</span>
            <span className="meta">
              made <When moment={token.created_at} />
              {token.last_used_at ? (
                <>
                  {" "}
                  · used <When moment={token.last_used_at} />
                </>
              ) : (
                " · never used"
              )}
              {token.expires_at ? ` · ends ${exact(token.expires_at)}` : " · does not end by itself"}
              {` · ${token.scopes.join(", ")}`}
            </span>
          </span>
          {onEnd ? (
            <Button small className="flex-none" onPress={() => onEnd(token)} aria-label={`End access: ${token.name}`}>
              End access
            </Button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
