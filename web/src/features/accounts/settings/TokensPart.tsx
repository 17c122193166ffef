import { useQuery, useQueryClient } from "@tanstack/react-query";
import { revokeToken, tokensQuery } from "@/api/accounts";
import { exact } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { When } from "@/ui/When";
import { MakeToken } from "./MakeToken";
import { Part } from "./Part";

export function TokensPart() {
  const cache = useQueryClient();
  const tokens = useQuery(tokensQuery);

  async function end(id: string, name: string) {
    try {
      await revokeToken(id);
      toast(`${name} can no longer act for you.`);
    } catch (error) {
      toast(error instanceof Error ? error.message : "Its access was not ended.");
    }
    await cache.invalidateQueries({ queryKey: tokensQuery.queryKey });
  }

  return (
    <Part title="Programs and devices" words="What may act in your name without your password, until you end it.">
      {tokens.isPending ? <Ghost className="h-16" /> : null}
      {tokens.isError && !tokens.data ? <Fault error={tokens.error} what="The list did not come" retry={() => void tokens.refetch()} /> : null}
      {tokens.data?.items.length === 0 ? <p className="text-ui text-ink-2">None. The command “matinee login” on another machine makes one.</p> : null}
      {tokens.data ? <MakeToken days={tokens.data.days} most={tokens.data.days_most} /> : null}
      <ul className="grid">
        {tokens.data?.items.map((token) => (
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
            <Button small className="flex-none" onPress={() => void end(token.id, token.name)} aria-label={`End access: ${token.name}`}>
              End access
            </Button>
          </li>
        ))}
      </ul>
    </Part>
  );
}
