import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { cancelJob, type JobState, jobsQuery, retryJob } from "@/api/admin";
import { useSignal } from "@/api/signals";
import type { Job } from "@/api/types";
import { took } from "@/lib/time";
import { Button } from "@/ui/Button";
import { More } from "@/ui/More";
import { Empty, Fault, Ghost, Loading } from "@/ui/States";
import { toast } from "@/ui/toast";
import { useTitle } from "@/ui/useTitle";
import { When } from "@/ui/When";
import { Operator } from "./Operator";

const route = getRouteApi("/shell/run/jobs");
const FILTERS: { state: JobState | undefined; label: string }[] = [
  { state: undefined, label: "All" },
  { state: "waiting", label: "Waiting" },
  { state: "running", label: "Running" },
  { state: "failed", label: "Dead letters" },
  { state: "done", label: "Done" },
];
const TONES: Record<string, string> = { running: "text-lamp-text", failed: "text-bad", done: "text-ok", waiting: "text-ink-2" };

export function JobsPage() {
  return (
    <Operator title="Jobs" needs="admin.operate">
      <Jobs />
    </Operator>
  );
}

function Jobs() {
  useTitle("Jobs");
  const { state } = route.useSearch();
  const cache = useQueryClient();
  const list = useInfiniteQuery(jobsQuery(state));
  useSignal("jobs", () => void list.refetch());
  const jobs = list.data?.pages.flatMap((page) => page.items) ?? [];

  async function run(act: () => Promise<void>, said: string) {
    try {
      await act();
      toast(said);
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work.");
    }
    await cache.invalidateQueries({ queryKey: ["admin"] });
  }

  return (
    <>
      <h1 className="mb-4">Jobs</h1>
      <nav aria-label="Jobs by state" className="mb-4 flex flex-wrap gap-2">
        {FILTERS.map((filter) => (
          <Link key={filter.label} to="/run/jobs" search={filter.state ? { state: filter.state } : {}} className="chip" activeOptions={{ exact: true }} activeProps={{ "data-selected": "" }}>
            {filter.label}
          </Link>
        ))}
      </nav>
      {list.isPending ? (
        <Loading what="Loading jobs">
          <div className="panel grid gap-3 p-4">
            {Array.from({ length: 6 }, (_, index) => (
              <Ghost key={index} className="h-8" />
            ))}
          </div>
        </Loading>
      ) : null}
      {list.isError && jobs.length === 0 ? <Fault error={list.error} what="The jobs did not come" retry={() => void list.refetch()} /> : null}
      {list.isSuccess && jobs.length === 0 ? <Empty>{state === "failed" ? "No dead letters: nothing has given up." : "No jobs here."}</Empty> : null}
      {jobs.length ? (
        <div className="panel overflow-clip">
          <table className="table" data-testid="jobs">
            <thead>
              <tr>
                <th scope="col">Job</th>
                <th scope="col">State</th>
                <th scope="col">For</th>
                <th scope="col" className="n">
                  Tries
                </th>
                <th scope="col" className="n">
                  Queued
                </th>
                <th scope="col" className="n">
                  Took
                </th>
                <th scope="col">
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <Line
                  key={job.id}
                  job={job}
                  onRetry={() => void run(() => retryJob(job.id), `Job ${job.id} waits for a worker again.`)}
                  onCancel={() => void run(() => cancelJob(job.id), "The whole encode of its film is cancelled.")}
                />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <More has={list.hasNextPage} busy={list.isFetchingNextPage} failed={list.isFetchNextPageError} load={() => void list.fetchNextPage()} />
    </>
  );
}

/** Only the steps of an encode can be cancelled, and they go together: a film is encoded whole or not at all. */
const ENCODE_STEP = "encoding.run_";

function Line({ job, onRetry, onCancel }: { job: Job; onRetry: () => void; onCancel: () => void }) {
  const video = /^video:(.+)$/.exec(job.subject ?? "")?.[1];
  const seconds = job.started_at && job.ended_at ? (Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000 : null;
  return (
    <Fragment>
      <tr data-job={job.id} data-state={job.state}>
        <td data-label="Job">
          <span className="min-w-0 [overflow-wrap:anywhere]">
            <span className="font-semibold">{job.kind}</span> <span className="meta num">{job.id} · {job.lane}</span>
          </span>
        </td>
        <td data-label="State" className={`font-semibold ${TONES[job.state] ?? ""}`}>
          {job.state}
        </td>
        <td data-label="For" className="num text-ink-2">
          {video ? (
            <Link to="/watch/$id" params={{ id: video }} className="link" title={video}>
              video …{video.slice(-6)}
            </Link>
          ) : (
            job.subject
          )}
        </td>
        <td data-label="Tries" className="n">
          {job.attempts}
        </td>
        <td data-label="Queued" className="n text-ink-2">
          {job.queued_at ? <When moment={job.queued_at} /> : null}
        </td>
        <td data-label="Took" className="n text-ink-2">
          {seconds === null ? "" : took(seconds)}
        </td>
        <td>
          <span className="flex justify-end gap-2">
            {job.state === "failed" ? (
              <Button small onPress={onRetry} aria-label={`Try again: job ${job.id}`}>
                Try again
              </Button>
            ) : null}
            {job.kind.startsWith(ENCODE_STEP) && (job.state === "waiting" || job.state === "running") ? (
              <Button small look="quiet" onPress={onCancel} aria-label={`Cancel the encode: job ${job.id} and all others of its film`}>
                Cancel the encode
              </Button>
            ) : null}
          </span>
        </td>
      </tr>
      {job.error ? (
        <tr>
          <td colSpan={7}>
            <pre className="max-w-full rounded-control bg-sunk p-3 text-left text-micro whitespace-pre-wrap text-ink-2">{job.error}</pre>
          </td>
        </tr>
      ) : null}
    </Fragment>
  );
}
