import { Link } from "@tanstack/react-router";
import type { Encode } from "@/api/types";
import { retryStep } from "@/api/admin";
import { cancelVideo, retryVideo } from "@/api/videos";
import { plural } from "@/lib/amount";
import { took, wait } from "@/lib/time";
import { Bar } from "@/ui/Bar";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toast";

type Step = Encode["steps"][number];

/** What is said once a step of a stopped encode runs again. */
const AGAIN: Record<string, string> = {
  failed: "The step runs again; the rest follows once it is done.",
  done: "The step runs again and replaces what it made.",
};
/** What is done may be done again where its successor can take its place. */
const REPEATABLE = new Set(["audio", "chunk", "pictures", "storyboard"]);
const OVER = new Set(["ready", "done", "rejected", "cancelled"]);

/** Encodes under way or stopped, each with its steps: only unfinished steps repeat after a break. */
export function Encodes({ encodes, refresh }: { encodes: Encode[]; refresh: () => void }) {
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
              <p className="meta num flex items-center gap-3">
                {[encode.state, encode.speed ? `${encode.speed.toFixed(1)} × real time` : null, wait(encode.left_s)].filter(Boolean).join(" · ")}
                <Steer encode={encode} refresh={refresh} />
              </p>
            </div>
            <Bar label={`Encode of ${encode.video.title}`} value={encode.percent} stopped={encode.state === "failed"} className="mt-2.5" />
            <details className="mt-2 text-ui">
              <summary className="cursor-pointer rounded-control py-1 font-semibold text-ink-2">{plural(encode.steps.length, "step")}</summary>
              <ol className="mt-1 grid gap-1.5">
                {encode.steps.map((step) => (
                  <li key={step.name}>
                    <span className="flex justify-between gap-4">
                      <span className="min-w-0 truncate">
                        {step.name} {step.worker ? <span className="meta">{step.worker}</span> : null}
                      </span>
                      <span className={`num flex flex-none items-baseline gap-3 ${step.state === "failed" ? "text-bad" : "text-ink-3"}`}>
                        {[step.state, step.attempts > 1 ? `try ${step.attempts}` : null, step.seconds === null ? null : took(step.seconds)].filter(Boolean).join(" · ")}
                        {encode.state === "failed" && step.state in AGAIN && (step.state === "failed" || REPEATABLE.has(step.kind)) ? (
                          <Again encode={encode} step={step} refresh={refresh} />
                        ) : null}
                      </span>
                    </span>
                    <Span step={step} over={encode.steps} />
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

/** When a step ran, within the time of all: what ran side by side, what waited, what took long. */
function Span({ step, over }: { step: Step; over: Step[] }) {
  const ran = over.map(times).filter((pair) => pair !== null);
  const own = times(step);
  if (!own || ran.length === 0) return null;
  const begin = Math.min(...ran.map(([start]) => start));
  const length = Math.max(1, Math.max(...ran.map(([, end]) => end)) - begin);
  return (
    <span className="relative mt-0.5 block h-1 rounded-full bg-sunk" aria-hidden="true">
      <span
        className={`absolute inset-y-0 rounded-full ${step.state === "failed" ? "bg-bad" : "bg-lamp"}`}
        style={{ left: `${((own[0] - begin) / length) * 100}%`, width: `max(3px, ${((own[1] - own[0]) / length) * 100}%)` }}
      />
    </span>
  );
}

/** Begin and end in ms; a step that runs ends now. */
function times(step: Step): [number, number] | null {
  if (!step.started_at) return null;
  const start = Date.parse(step.started_at);
  return [start, step.state === "running" || step.seconds === null ? Date.now() : start + step.seconds * 1000];
}

/** Runs one step once more: one that failed, or one that is done and whose pictures are suspect. */
function Again({ encode, step, refresh }: { encode: Encode; step: Step; refresh: () => void }) {
  const { id, title } = encode.video;
  async function act() {
    try {
      await retryStep(id, step.name);
      toast(AGAIN[step.state] ?? "");
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work.");
    }
    refresh();
  }
  return (
    <Button small look="quiet" onPress={() => void act()} aria-label={`Run again: ${step.name} of ${title}`}>
      Run again
    </Button>
  );
}

/** Stops an encode, or takes up one that stopped from its first unfinished chunk. */
function Steer({ encode, refresh }: { encode: Encode; refresh: () => void }) {
  const { id, title } = encode.video;
  const stopped = encode.state === "failed";
  async function act() {
    try {
      await (stopped ? retryVideo(id) : cancelVideo(id));
      toast(stopped ? "It goes on from its first unfinished chunk." : "The encode is cancelled; the source is kept.");
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work.");
    }
    refresh();
  }
  return (
    <Button small look="quiet" onPress={() => void act()} aria-label={`${stopped ? "Try again" : "Cancel"}: encode of ${title}`}>
      {stopped ? "Try again" : "Cancel"}
    </Button>
  );
}
