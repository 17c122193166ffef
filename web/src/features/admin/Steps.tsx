import { useState } from "react";
import { retryStep } from "@/api/admin";
import type { Encode } from "@/api/types";
import { took } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { toast } from "@/ui/toast";

type Step = Encode["steps"][number];

/** What is done may be done again where its successor can take its place. */
const REPEATABLE = new Set(["audio", "chunk", "pictures", "storyboard"]);
const STOPPED = new Set(["failed", "done"]);
/** What becomes of what the step made before. */
const REPLACED: Record<string, string> = {
  audio: "The sound is made once more and replaces what is there, piece by piece. The film plays on; players that open it afterwards get the new sound.",
  chunk: "Its segments are encoded once more and replace those that are there, one by one. The film plays on; players that open it afterwards get the new ones.",
  pictures: "The stills are taken once more and replace those that are there. A picture of the owner's own stays.",
  storyboard: "The storyboard is made once more from the lowest quality.",
};

/** Every step of an encode: how it went, when it ran, and whether it may run again. */
export function Steps({ encode, refresh }: { encode: Encode; refresh: () => void }) {
  return (
    <ol className="mt-1 grid gap-1.5">
      {encode.steps.map((step) => (
        <li key={step.name} data-step={step.name} data-state={step.state}>
          <span className="flex justify-between gap-4">
            <span className="min-w-0 truncate">
              {step.name} {step.worker ? <span className="meta">{step.worker}</span> : null}
            </span>
            <span className={`num flex flex-none items-baseline gap-3 ${step.state === "failed" ? "text-bad" : "text-ink-3"}`}>
              {[step.state, step.attempts > 1 ? `try ${step.attempts}` : null, step.seconds === null ? null : took(step.seconds)].filter(Boolean).join(" · ")}
              {mayRunAgain(encode, step) ? <Again encode={encode} step={step} refresh={refresh} /> : null}
            </span>
          </span>
          <Span step={step} over={encode.steps} />
          {step.log ? <pre className="mt-1 rounded-control bg-sunk p-2 text-micro whitespace-pre-wrap text-ink-2">{step.log}</pre> : null}
        </li>
      ))}
    </ol>
  );
}

function mayRunAgain(encode: Encode, step: Step): boolean {
  if (!STOPPED.has(encode.state)) return false;
  return step.state === "failed" || (step.state === "done" && REPEATABLE.has(step.kind));
}

/** Runs one step once more: one that failed at once, one that is done after a question, since it replaces something. */
function Again({ encode, step, refresh }: { encode: Encode; step: Step; refresh: () => void }) {
  const { id, title } = encode.video;
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const done = step.state === "done";

  async function act() {
    setBusy(true);
    setFault(null);
    try {
      await retryStep(id, step.name);
      setAsking(false);
      toast(encode.state === "failed" ? "The step runs again; the rest follows once it is done." : "The step runs again and replaces what it made.");
    } catch (error) {
      const sentence = error instanceof Error ? error.message : "That did not work.";
      if (done) setFault(sentence);
      else toast(sentence);
    }
    setBusy(false);
    refresh();
  }

  return (
    <>
      <Button
        small
        look="quiet"
        isPending={busy}
        onPress={() => {
          setFault(null);
          if (done) setAsking(true);
          else void act();
        }}
        aria-label={`Run again: ${step.name} of ${title}`}
      >
        Run again
      </Button>
      <Dialog title={`Run ${step.name} of “${title}” again?`} isOpen={asking} onClose={() => setAsking(false)} alert>
        <p className="text-ink-2">{REPLACED[step.kind]}</p>
        {fault ? (
          <p role="alert" className="fault mt-3">
            {fault}
          </p>
        ) : null}
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onPress={() => setAsking(false)}>Leave it</Button>
          <Button look="primary" isPending={busy} onPress={() => void act()}>
            Run it again
          </Button>
        </div>
      </Dialog>
    </>
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
