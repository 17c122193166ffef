import { Link } from "@tanstack/react-router";
import type { Encode } from "@/api/types";
import { cancelVideo, retryVideo } from "@/api/videos";
import { plural } from "@/lib/amount";
import { wait } from "@/lib/time";
import { Bar } from "@/ui/Bar";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toast";
import { Steps } from "./Steps";

const OVER = new Set(["done", "rejected", "cancelled"]);

/** Encodes under way or stopped, and below them those that are done: each with its steps. */
export function Encodes({ encodes, refresh }: { encodes: Encode[]; refresh: () => void }) {
  const shown = encodes.filter((encode) => !OVER.has(encode.state));
  const done = encodes.filter((encode) => encode.state === "done");
  return (
    <>
      {shown.length ? (
        <section aria-label="Encodes">
          <h2 className="mt-8 mb-3">Encodes</h2>
          <div className="grid gap-4">
            {shown.map((encode) => (
              <article key={encode.video.id} className="panel p-4">
                <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                  <Title encode={encode} />
                  <p className="meta num flex items-center gap-3">
                    {[encode.state, encode.speed ? `${encode.speed.toFixed(1)} × real time` : null, wait(encode.left_s)].filter(Boolean).join(" · ")}
                    <Steer encode={encode} refresh={refresh} />
                  </p>
                </div>
                <Bar label={`Encode of ${encode.video.title}`} value={encode.percent} stopped={encode.state === "failed"} className="mt-2.5" />
                <Timeline encode={encode} refresh={refresh} />
              </article>
            ))}
          </div>
        </section>
      ) : null}
      {done.length ? (
        <section aria-label="Done encodes">
          <h2 className="mt-8 mb-1">Done</h2>
          <p className="mb-3 text-ui text-ink-2">The latest films that are encoded. A step whose output is suspect can run again; the film plays on meanwhile.</p>
          <div className="panel grid gap-1 p-4">
            {done.map((encode) => (
              <article key={encode.video.id}>
                <Title encode={encode} />
                <Timeline encode={encode} refresh={refresh} />
              </article>
            ))}
          </div>
        </section>
      ) : null}
    </>
  );
}

function Title({ encode }: { encode: Encode }) {
  return (
    <h3 className="min-w-0">
      <Link to="/watch/$id" params={{ id: encode.video.id }} className="hover:underline">
        {encode.video.title}
      </Link>
    </h3>
  );
}

function Timeline({ encode, refresh }: { encode: Encode; refresh: () => void }) {
  const open = encode.steps.filter((step) => step.state !== "done").length;
  return (
    <details className="mt-2 text-ui">
      <summary className="cursor-pointer rounded-control py-1 font-semibold text-ink-2">
        {plural(encode.steps.length, "step")}
        {encode.state === "done" && open ? <span className="num font-normal"> · {open} not done</span> : null}
        <span className="sr-only"> of {encode.video.title}</span>
      </summary>
      <Steps encode={encode} refresh={refresh} />
    </details>
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
