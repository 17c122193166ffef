import { Link, useRouter } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { Problem } from "@/api/client";
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

export function PageFault({ error }: { error: unknown }) {
  const router = useRouter();
  const away = error instanceof Problem && error.status === 0;
  // What failed may be the page's code or what stands before it: the router asks for both again.
  const retry = () => void router.invalidate();
  const again = useEffectEvent(retry);
  useEffect(() => {
    if (!away) return;
    const back = () => again();
    window.addEventListener("online", back);
    return () => window.removeEventListener("online", back);
  }, [away]);
  return <Fault error={error} what="This page did not open" level={1} retry={retry} />;
}
