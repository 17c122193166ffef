import { WarningIcon } from "@phosphor-icons/react/Warning";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Problem } from "@/api/client";
import { Button } from "./Button";

/** One sentence on what will be here and one action. */
export function Empty({ icon, children, action }: { icon?: ReactNode; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-[46ch] flex-col items-center gap-4 py-16 text-center text-ink-2">
      {icon ? <span className="text-ink-3">{icon}</span> : null}
      <p>{children}</p>
      {action}
    </div>
  );
}

/** In place, never a blank page: what happened, what is safe, what to do, and the code. */
export function Fault({ error, what, retry, level = 2 }: { error: unknown; what: string; retry?: () => void; level?: 1 | 2 }) {
  const problem = error instanceof Problem ? error : null;
  const Title = level === 1 ? "h1" : "h2";
  return (
    <div role="alert" className="panel my-4 flex gap-4 p-5">
      <WarningIcon size={24} className="flex-none text-bad" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <Title className={level === 1 ? "text-h2" : "text-h3"}>{what}</Title>
        <p className="mt-1 max-w-[62ch] text-ink-2">
          {problem?.message ?? "Something on this page broke. Nothing you saved is lost; reload to go on."}
          {problem?.code === "network.away" ? " This page then also tries by itself." : null}
        </p>
        <div className="mt-3 flex flex-wrap items-center gap-3">
          {retry ? (
            <Button small onPress={retry}>
              Try again
            </Button>
          ) : null}
          {problem?.permission ? (
            <Link to="/settings/permissions" search={{ why: problem.permission }} className="link text-ui">
              Why may I not?
            </Link>
          ) : null}
          {problem ? <span className="meta">{problem.code}</span> : null}
        </div>
      </div>
    </div>
  );
}

/** Still shapes at the real size; nothing for the first 200 ms. */
export function Ghost({ className = "", style }: { className?: string; style?: React.CSSProperties }) {
  return <span className={`ghost block ${className}`} style={style} aria-hidden="true" />;
}

export function Loading({ what, children }: { what: string; children: ReactNode }) {
  return (
    <div aria-busy="true">
      <span role="status" className="sr-only">
        {what}
      </span>
      {children}
    </div>
  );
}
