import { useQuery, useQueryClient } from "@tanstack/react-query";
import { makeToken, revokeToken, tokensQuery } from "@/api/accounts";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { MakeToken } from "./MakeToken";
import { Part } from "./Part";
import { TokenLines } from "./TokenLines";

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
      {tokens.data ? <MakeToken days={tokens.data.days} most={tokens.data.days_most} make={makeToken} onMade={() => cache.invalidateQueries({ queryKey: tokensQuery.queryKey })} /> : null}
      <TokenLines items={tokens.data?.items ?? []} onEnd={(one) => void end(one.id, one.name)} />
    </Part>
  );
}
