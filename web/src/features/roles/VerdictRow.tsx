import { CheckCircleIcon } from "@phosphor-icons/react/CheckCircle";
import { LockSimpleIcon } from "@phosphor-icons/react/LockSimple";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { explanationQuery } from "@/api/roles";
import type { Verdict } from "@/api/types";
import { Button } from "@/ui/Button";
import { Fault, Ghost } from "@/ui/States";

/** One permission: whether, by what, and the chain that leads there one press away. */
export function VerdictRow({ verdict, open = false }: { verdict: Verdict; open?: boolean }) {
  const [shown, setShown] = useState(open);
  const chain = useId();
  const Mark = verdict.may ? CheckCircleIcon : LockSimpleIcon;
  return (
    <div className="flex gap-3 py-3" data-permission={verdict.permission} data-may={verdict.may ? "" : undefined}>
      <Mark size={20} className={`mt-px flex-none ${verdict.may ? "text-ok" : "text-ink-3"}`} aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="text-ui font-semibold">{verdict.description}</p>
        <p className="text-ui text-ink-2">{verdict.sentence}</p>
        <p className="meta [overflow-wrap:anywhere]">{verdict.permission}</p>
        {shown ? (
          <div id={chain}>
            <Chain permission={verdict.permission} />
          </div>
        ) : null}
      </div>
      <Button small look="quiet" className="flex-none self-start" aria-expanded={shown} aria-controls={shown ? chain : undefined} aria-label={`Why: ${verdict.description}`} onPress={() => setShown(!shown)}>
        Why
      </Button>
    </div>
  );
}

function Chain({ permission }: { permission: string }) {
  const { data, error, refetch } = useQuery(explanationQuery(permission));
  if (error) return <Fault error={error} what="The steps did not come" retry={() => void refetch()} />;
  if (!data) return <Ghost className="mt-3 h-24" />;
  const first = data.steps.findIndex((step) => !step.passed);
  return (
    <ol className="mt-3 grid gap-2 border-l-2 border-line pl-4" data-testid="chain">
      {data.steps.map((step, index) => (
        <li key={step.name} className={`text-ui ${index === first ? "font-semibold text-bad" : step.passed ? "text-ink-2" : "text-bad"}`}>
          <span className="sr-only">{step.passed ? "Passed: " : "In the way: "}</span>
          {step.sentence}
        </li>
      ))}
    </ol>
  );
}
