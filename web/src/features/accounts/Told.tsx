import type { ReactNode } from "react";

/** In place of a form that has done its work, or that cannot. */
export function Told({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div role="status" className="mx-auto max-w-[420px] py-14">
      <h1>{title}</h1>
      <p className="mt-2 text-ink-2">{children}</p>
    </div>
  );
}
