import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { encodesQuery, overviewQuery, pauseLane, resumeLane, storageQuery } from "@/api/admin";
import { firstStepsQuery } from "@/api/firstSteps";
import { useSignal } from "@/api/signals";
import type { Encode, Overview } from "@/api/types";
import { percent, plural, size } from "@/lib/amount";
import { took } from "@/lib/time";
import { STATE_WORDS } from "@/features/videos/mine/words";
import { Bar } from "@/ui/Bar";
import { Button } from "@/ui/Button";
import { Fault, Ghost, Loading } from "@/ui/States";
import { toast } from "@/ui/toast";
import { useTitle } from "@/ui/useTitle";
import { When } from "@/ui/When";
import { Encodes } from "./Encodes";
import { Operator } from "./Operator";
import { Storage } from "./Storage";

export function HealthPage() {
  return (
    <Operator title="Health" needs="admin.operate">
      <Health />
    </Operator>
  );
}

function Health() {
  useTitle("Health");
  const { data, error, refetch } = useQuery(overviewQuery);
  const encodes = useQuery(encodesQuery);
  const storage = useQuery(storageQuery);
  const { data: steps } = useQuery(firstStepsQuery);
  const refresh = () => {
    void refetch();
    void encodes.refetch();
  };
  useSignal("jobs", refresh);
  return (
    <>
      <div className="mb-5 flex flex-wrap items-baseline justify-between gap-3">
        <h1>Health</h1>
        {data ? <p className="meta num">Matinee {data.version}</p> : null}
      </div>
      {steps?.open ? (
        <p className="panel mb-5 p-4">
          <Link to="/run/welcome" className="link">
            {plural(steps.steps.filter((step) => step.state === "todo").length, "first step is", "first steps are")} left
          </Link>{" "}
          <span className="text-ui text-ink-2">for a new house.</span>
        </p>
      ) : null}
      {data?.signups_waiting ? (
        <p className="panel mb-5 p-4">
          <Link to="/run/sign-ups" className="link">
            {plural(data.signups_waiting, "person waits", "people wait")} to be let in
          </Link>
        </p>
      ) : null}
      {error && !data ? <Fault error={error} what="The figures did not come" retry={() => void refetch()} /> : null}
      {!data && !error ? (
        <Loading what="Loading the figures">
          <div className="grid gap-5 phone:grid-cols-3">
            <Ghost className="h-28" />
            <Ghost className="h-28" />
            <Ghost className="h-28" />
          </div>
        </Loading>
      ) : null}
      {data ? <Figures data={data} encodes={encodes.data?.items ?? []} refresh={refresh} /> : null}
      {storage.data ? <Storage report={storage.data} /> : null}
      {encodes.data ? <Encodes encodes={encodes.data.items} refresh={refresh} /> : null}
    </>
  );
}

function Figures({ data, encodes, refresh }: { data: Overview; encodes: Encode[]; refresh: () => void }) {
  const { disk } = data;
  const busy = encodes.flatMap((encode) =>
    encode.steps.filter((step) => step.state === "running").map((step) => ({ ...step, title: encode.video.title })),
  );
  const states = Object.entries(data.videos.by_state);
  return (
    <>
      <div className="mb-5 grid gap-5 phone:grid-cols-2 wide:grid-cols-3">
        <section className="panel p-4" aria-label="Disk">
          <h2 className="text-ui text-ink-2">Disk</h2>
          {disk ? (
            <>
              <p className="num mt-1 font-display text-h2 font-bold">{size(disk.free_bytes)} free</p>
              <Bar label="Disk used" value={percent(disk.total_bytes - disk.free_bytes, disk.total_bytes)} className="mt-2.5" />
              <p className="meta num mt-1.5">of {size(disk.total_bytes)}</p>
            </>
          ) : (
            <p className="mt-1 text-ui text-ink-2">The storage of this house does not tell how full it is.</p>
          )}
        </section>
        <section className="panel p-4" aria-label="Time to playable">
          <h2 className="text-ui text-ink-2">Last byte to playable</h2>
          <p className="num mt-1 font-display text-h2 font-bold">{data.playable_s.p50 === null ? "not yet" : took(data.playable_s.p50)}</p>
          <p className="meta num mt-1.5">{data.playable_s.p95 === null ? "No film has become playable yet." : `half of all films; 19 of 20 within ${took(data.playable_s.p95)}`}</p>
        </section>
        <section className="panel p-4" aria-label="Workers">
          <h2 className="text-ui text-ink-2">Workers</h2>
          {data.workers.length === 0 ? <p className="mt-1 font-semibold text-bad">None is alive. Films wait until one starts.</p> : null}
          <ul className="mt-1 grid gap-1 text-ui">
            {data.workers.map((worker) => (
              <li key={worker.name}>
                <span className="flex justify-between gap-3">
                  <span className="min-w-0 truncate">
                    <span className="font-semibold">{worker.name}</span> <span className="meta">{Object.entries(worker.lanes).map(([lane, slots]) => `${lane} × ${slots}`).join(", ")}</span>
                  </span>
                  <span className="meta flex-none">
                    seen <When moment={worker.heartbeat_at} />
                  </span>
                </span>
                {worker.starving_since ? (
                  <span className="block text-ui text-warn">
                    Its encoders hardly get a processor, as everything else on its machine comes first; noticed <When moment={worker.starving_since} />. Give that machine less to do, or set{" "}
                    <code className="wrap-break-word">MATINEE_ENCODER_GIVES_WAY=false</code> there.
                  </span>
                ) : null}
                {busy
                  .filter((step) => step.worker === worker.name)
                  .map((step) => (
                    <span key={`${step.title}-${step.name}`} className="meta num flex justify-between gap-3 pl-3">
                      <span className="min-w-0 truncate">
                        {step.name} of {step.title}
                      </span>
                      <span className="flex-none">{Math.floor(step.percent)} %</span>
                    </span>
                  ))}
              </li>
            ))}
          </ul>
        </section>
      </div>
      <div className="mb-5 grid items-start gap-5 wide:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <section className="panel overflow-clip" aria-label="Queues">
          <h2 className="px-4 pt-4 pb-2">Queues</h2>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Lane</th>
                <th scope="col" className="n">
                  Waiting
                </th>
                <th scope="col" className="n">
                  Running
                </th>
                <th scope="col" className="n">
                  Failed
                </th>
                <th scope="col" className="n">
                  Oldest waits
                </th>
                <th scope="col">
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.queues.map((queue) => (
                <tr key={queue.lane}>
                  <td data-label="Lane" className="font-semibold">
                    {queue.lane} {queue.paused_at ? <span className="badge">paused</span> : null}
                  </td>
                  <td data-label="Waiting" className="n">
                    {queue.waiting}
                  </td>
                  <td data-label="Running" className="n">
                    {queue.running}
                  </td>
                  <td data-label="Failed" className="n">
                    {queue.failed ? (
                      <Link to="/run/jobs" search={{ state: "failed" }} className="font-semibold text-bad underline underline-offset-3">
                        {queue.failed}
                      </Link>
                    ) : (
                      0
                    )}
                  </td>
                  <td data-label="Oldest waits" className="n">
                    {queue.oldest_waiting_s === null ? "–" : took(queue.oldest_waiting_s)}
                  </td>
                  <td className="n">
                    <LaneButton queue={queue} refresh={refresh} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <section className="panel p-4" aria-label="Films by state">
          <h2 className="mb-3">Films</h2>
          {states.length === 0 ? <p className="text-ui text-ink-2">None yet.</p> : null}
          <dl className="grid gap-2 text-ui">
            {states.map(([state, n]) => (
              <div key={state} className="flex justify-between">
                <dt className="text-ink-2">{(STATE_WORDS as Record<string, string>)[state] ?? state}</dt>
                <dd className="num font-semibold">{n}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </>
  );
}

function LaneButton({ queue, refresh }: { queue: Overview["queues"][number]; refresh: () => void }) {
  const { lane, paused_at } = queue;
  async function toggle() {
    try {
      await (paused_at ? resumeLane(lane) : pauseLane(lane));
      toast(paused_at ? `Lane ${lane} goes on.` : `Lane ${lane} is paused. What runs goes on to its end.`);
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work.");
    }
    refresh();
  }
  return (
    <Button small look="quiet" onPress={() => void toggle()} aria-label={`${paused_at ? "Go on with" : "Pause"} lane ${lane}`}>
      {paused_at ? "Go on" : "Pause"}
    </Button>
  );
}
