import { useEffect, useRef } from "react";
import { Button } from "./Button";

type Props = { has: boolean; busy: boolean; failed: boolean; load: () => void };

/** The next page comes when the end of the list is near; the button is for keyboards and for after a failure. */
export function More({ has, busy, failed, load }: Props) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = mark.current;
    if (!element || !has || busy || failed) return;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) load();
      },
      { rootMargin: "600px" },
    );
    watch.observe(element);
    return () => watch.disconnect();
  }, [has, busy, failed, load]);
  if (!has) return null;
  return (
    <div ref={mark} className="mt-10 flex flex-col items-center gap-2">
      {failed ? <p className="meta">The next page did not come. What is above stays.</p> : null}
      <Button onPress={load} isPending={busy}>
        Show more
      </Button>
    </div>
  );
}
