import type { ReactNode } from "react";

export function Part({ title, words, children }: { title: string; words?: string; children: ReactNode }) {
  return (
    <section id={title.toLowerCase().replace(/[^a-z]+/g, "-")} className="panel scroll-mt-16 p-5 phone:scroll-mt-6" aria-label={title}>
      <h2>{title}</h2>
      {words ? <p className="mt-1 max-w-[62ch] text-ui text-ink-2">{words}</p> : null}
      <div className="mt-4">{children}</div>
    </section>
  );
}
