import { useInfiniteQuery } from "@tanstack/react-query";
import { ownActsQuery } from "@/api/audit";
import { Button } from "@/ui/Button";
import { Fault, Ghost } from "@/ui/States";
import { When } from "@/ui/When";
import { actWords, factWords } from "../acts";
import { Part } from "./Part";

const WHO: Record<string, string> = { you: "by you", operator: "by an operator", house: "by the house", nobody: "by somebody who was not signed in" };

const ALARMING = new Set(["session.refused", "session.copied", "factor.copied"]);

export function HistoryPart() {
  const list = useInfiniteQuery(ownActsQuery);
  const acts = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Part title="What happened" words="Sign-ins and changes of your account, newest first. Nobody can change or remove a line without its being noticed.">
      {list.isPending ? <Ghost className="h-32" /> : null}
      {list.isError && !list.data ? <Fault error={list.error} what="The list did not come" retry={() => void list.refetch()} /> : null}
      {list.isSuccess && acts.length === 0 ? <p className="text-ui text-ink-2">Nothing yet.</p> : null}
      <ul className="grid" data-testid="acts">
        {acts.map((one) => (
          <li key={one.id} className="border-t border-line py-2.5 first:border-0 first:pt-0">
            <span className={`block text-ui font-semibold ${ALARMING.has(one.act) ? "text-bad" : ""}`}>{actWords(one.act)}</span>
            <span className="meta [overflow-wrap:anywhere]">
              <When moment={one.at} /> · {WHO[one.who]}
              {Object.keys({ ...one.words, ...one.facts }).length ? ` · ${factWords(one.words, one.facts)}` : ""}
            </span>
          </li>
        ))}
      </ul>
      {list.isFetchNextPageError ? <p className="meta mt-2">The next lines did not come. What is above stays.</p> : null}
      {list.hasNextPage ? (
        <div className="mt-3">
          <Button small isPending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
            Show earlier
          </Button>
        </div>
      ) : null}
    </Part>
  );
}
