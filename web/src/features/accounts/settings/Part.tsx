import type { ReactNode } from "react";

export function Part({ title, words, children }: { title: string; words?: string; children: ReactNode }) {
  return (
    <section className="panel p-5" aria-label={title}>
      <h2>{title}</h2>
      {words ? <p className="mt-1 max-w-[62ch] text-ui text-ink-2">{words}</p> : null}
      <div className="mt-4">{children}</div>
    </section>
  );
}
