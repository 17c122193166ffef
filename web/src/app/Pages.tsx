import { Link } from "@tanstack/react-router";
import { Fault } from "@/ui/States";
import { buttonClass } from "@/ui/Button";
import { useTitle } from "@/ui/useTitle";

export function NotHere() {
  useTitle("Not here");
  return (
    <div className="mx-auto max-w-[52ch] py-20 text-center">
      <h1>There is nothing at this address</h1>
      <p className="mt-3 text-ink-2">It may have been moved or deleted, or it is not yours to see.</p>
      <Link to="/" className={buttonClass("secondary", false, "mt-6")}>
        Go home
      </Link>
    </div>
  );
}

export function PageFault({ error, reset }: { error: unknown; reset?: () => void }) {
  return <Fault error={error} what="This page did not open" level={1} {...(reset ? { retry: reset } : {})} />;
}
