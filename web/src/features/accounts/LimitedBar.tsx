import { ProhibitInsetIcon } from "@phosphor-icons/react/ProhibitInset";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { meQuery } from "@/api/accounts";
import type { OwnStanding } from "@/api/types";
import { exact } from "@/lib/time";

const LONGEST_TIMER_MS = 3_600_000;

/** Above every page while the account is limited: why, until when, and who decides next. */
export default function LimitedBar({ standing }: { standing: OwnStanding }) {
  const cache = useQueryClient();
  const { until, reason } = standing;
  useEffect(() => {
    if (!until) return;
    const left = Math.max(1000, new Date(until).getTime() - Date.now() + 500);
    const timer = setInterval(() => void cache.refetchQueries({ queryKey: meQuery.queryKey }), Math.min(left, LONGEST_TIMER_MS));
    return () => clearInterval(timer);
  }, [cache, until]);
  return (
    <section aria-label="Your account is limited" className="panel mb-5 flex gap-3 border-warn p-4">
      <ProhibitInsetIcon size={20} className="mt-0.5 flex-none text-warn" aria-hidden="true" />
      <div className="min-w-0 text-ui [overflow-wrap:anywhere]">
        <p className="font-semibold">Your account is limited: you may look around and keep your account, and change nothing else.</p>
        <p className="mt-1 whitespace-pre-line">{reason}</p>
        <p className="meta mt-1">
          {until ? (
            <>
              It ends by itself on <time dateTime={until}>{exact(until)}</time>; an operator of this house may end it before.
            </>
          ) : (
            "An operator of this house decides when it ends. You can write to them."
          )}{" "}
          What is public stays so.
        </p>
      </div>
    </section>
  );
}
