import { Link } from "@tanstack/react-router";
import type { Encode } from "@/api/types";
import { plural } from "@/lib/amount";
import { took, wait } from "@/lib/time";
import { Bar } from "@/ui/Bar";

const OVER = new Set(["ready", "done", "rejected", "cancelled"]);

/** Encodes under way or stopped, each with its steps: only unfinished steps repeat after a break. */
export function Encodes({ encodes }: { encodes: Encode[] }) {
  const shown = encodes.filter((encode) => !OVER.has(encode.state));
  if (shown.length === 0) return null;
  return (
    <section aria-label="Encodes">
      <h2 className="mt-8 mb-3">Encodes</h2>
      <div className="grid gap-4">
        {shown.map((encode) => (
          <article key={encode.video.id} className="panel p-4">
            <div className="flex flex-wrap items-baseline justify-between gap-x-4">
              <h3 className="min-w-0">
                <Link to="/watch/$id" params={{ id: encode.video.id }} className="hover:underline">
                  {encode.video.title}
                </Link>
              </h3>
              <p className="meta num">
                {[encode.state, encode.speed ? `${encode.speed.toFixed(1)} × real time` : null, wait(encode.left_s)].filter(Boolean).join(" · ")}
              </p>
            </div>
            <Bar label={`Encode of ${encode.video.title}`} value={encode.percent} stopped={encode.state === "failed"} className="mt-2.5" />
            <details className="mt-2 text-ui">
              <summary className="cursor-pointer rounded-control py-1 font-semibold text-ink-2">{plural(encode.steps.length, "step")}</summary>
              <ol className="mt-1 grid gap-1.5">
                {encode.steps.map((step) => (
                  <li key={step.name}>
                    <span className="flex justify-between gap-4">
                      <span className="min-w-0 truncate">{step.name}</span>
                      <span className={`num flex-none ${step.state === "failed" ? "text-bad" : "text-ink-3"}`}>
                        {[step.state, step.attempts > 1 ? `try ${step.attempts}` : null, step.seconds === null ? null : took(step.seconds)].filter(Boolean).join(" · ")}
                      </span>
                    </span>
                    {step.log ? <pre className="mt-1 rounded-control bg-sunk p-2 text-micro whitespace-pre-wrap text-ink-2">{step.log}</pre> : null}
                  </li>
                ))}
              </ol>
            </details>
          </article>
        ))}
      </div>
    </section>
  );
}
