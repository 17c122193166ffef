import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useSignal } from "@/api/signals";
import type { Video } from "@/api/types";
import { cancelVideo, deleteVideo, isNowhere, retryVideo, videoQuery } from "@/api/videos";
import { NotHere } from "@/app/Pages";
import { size } from "@/lib/amount";
import { honest } from "@/lib/progress";
import { clock } from "@/lib/time";
import { Bar } from "@/ui/Bar";
import { Button, buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Ladder } from "@/ui/Ladder";
import { Fault, Ghost, Loading } from "@/ui/States";
import { Still } from "@/ui/Still";
import { toast } from "@/ui/toast";
import { useTitle } from "@/ui/useTitle";
import { Details } from "./Details";
import { Saved } from "./Saved";
import { SourceSheet } from "./SourceSheet";
import { StateMark } from "./StateMark";
import { hasNoPictures } from "./words";
import { useAutosave } from "./useAutosave";

const route = getRouteApi("/shell/videos/$id");

export function EditPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(videoQuery(id));
  useSignal(`video:${id}`, () => void refetch());
  useTitle(data?.title);
  if (data && !data.is_owner) return <NotHere />;
  if (data) return <Edit key={data.id} video={data} />;
  if (isNowhere(error)) return <NotHere />;
  if (error) return <Fault error={error} what="The film did not open" level={1} retry={() => void refetch()} />;
  return (
    <Loading what="Opening the film">
      <Ghost className="h-9 w-1/2" />
      <Ghost className="mt-5 h-96" />
    </Loading>
  );
}

function Edit({ video }: { video: Video }) {
  const form = useAutosave(video);
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const underWay = video.state === "checking" || video.state === "encoding" || video.state === "playable";
  const again = video.state === "failed" || video.state === "cancelled" || hasNoPictures(video);

  async function run(act: () => Promise<Video>) {
    setBusy(true);
    try {
      cache.setQueryData(videoQuery(video.id).queryKey, await act());
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work. Nothing was changed.");
    } finally {
      setBusy(false);
    }
  }
  async function remove() {
    setBusy(true);
    try {
      await deleteVideo(video.id);
      setAsking(false);
      await navigate({ to: "/videos" });
      cache.removeQueries({ queryKey: videoQuery(video.id).queryKey });
      await cache.invalidateQueries({ queryKey: ["videos"] });
      void cache.invalidateQueries({ queryKey: ["storage"] });
      toast(`“${video.title}” is deleted.`);
    } catch (error) {
      setBusy(false);
      toast(error instanceof Error ? error.message : "It was not deleted.");
    }
  }

  return (
    <>
      <div className="mb-5">
        <p className="meta mb-1">
          <Link to="/videos" className="hover:text-ink">
            Videos
          </Link>{" "}
          / {video.filename || "film"}
        </p>
        <h1>{form.draft.title || video.title}</h1>
      </div>
      <div className="grid items-start gap-6 wide:grid-cols-[minmax(0,1fr)_404px]">
        <section className="panel" aria-label="Details">
          <div className="p-5">
            <Details video={video} form={form} />
          </div>
          <div className="form-foot px-5">
            <span className="min-w-0 flex-1">
              <Saved saving={form.saving} />
            </span>
            {video.playback ? (
              <Link to="/watch/$id" params={{ id: video.id }} className={buttonClass("secondary")}>
                Watch
              </Link>
            ) : null}
          </div>
        </section>
        <div className="grid gap-5">
          <section className="panel p-4" aria-label="State">
            <Still poster={video.poster} sizes="404px" className="mb-4">
              {video.duration_s ? (
                <span className="br">
                  <span className="badge dark num">{clock(video.duration_s)}</span>
                </span>
              ) : null}
            </Still>
            <div className="flex items-center justify-between gap-3">
              <h2>State</h2>
              <StateMark video={video} />
            </div>
            {video.reason ? <p className="mt-2 text-ui text-ink-2">{video.reason}</p> : null}
            {underWay && video.progress?.waits ? <p className="mt-2 text-ui text-ink-2">{video.progress.waits}</p> : null}
            {underWay && video.state !== "checking" ? <p className="mt-2 text-ui text-ink-2">{honest(video)}</p> : null}
            {underWay && video.progress ? (
              <>
                <Bar label={video.progress.stage} value={video.progress.percent} stopped={Boolean(video.progress.waits)} className="mt-3" />
                <p className="meta num mt-1.5">
                  {video.progress.stage}
                  {video.progress.speed && video.progress.speed >= 0.1 ? ` · ${video.progress.speed.toFixed(1)} × real time` : ""}
                  {video.progress.attempts > 1 ? ` · try ${video.progress.attempts}` : ""}
                </p>
              </>
            ) : null}
            {video.ladder.length ? <Ladder rungs={video.ladder} className="mt-4" /> : null}
            {underWay || again ? (
              <div className="mt-4 flex gap-2">
                {again ? (
                  <Button small isPending={busy} onPress={() => void run(() => retryVideo(video.id))}>
                    Try again
                  </Button>
                ) : null}
                {underWay ? (
                  <Button small isPending={busy} onPress={() => void run(() => cancelVideo(video.id))}>
                    Cancel the encoding
                  </Button>
                ) : null}
              </div>
            ) : null}
            {video.error_log ? (
              <details className="mt-4 text-ui">
                <summary className="cursor-pointer rounded-control py-1 font-semibold text-ink-2">What the encoder said last</summary>
                {/* A scrolling region must be reachable by keyboard. */}
                {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
                <pre tabIndex={0} aria-label="The encoder's last lines" className="mt-2 max-h-56 overflow-auto rounded-control bg-sunk p-3 text-micro whitespace-pre-wrap">
                  {video.error_log}
                </pre>
              </details>
            ) : null}
          </section>
          <SourceSheet video={video} />
          <section className="panel p-4" aria-label="Delete">
            <h2>Delete</h2>
            <p className="mt-1.5 mb-3 text-ui text-ink-2">
              Takes the film, its qualities and its stills away for good{video.size_bytes ? ` and frees ${size(video.size_bytes)}` : ""}.
            </p>
            <Button look="danger" onPress={() => setAsking(true)}>
              Delete this film
            </Button>
          </section>
        </div>
      </div>
      <Dialog title={`Delete “${video.title}”?`} isOpen={asking} onClose={() => setAsking(false)} alert>
        <p className="text-ink-2">Its page, its links and all its bytes go away. This cannot be undone.</p>
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onPress={() => setAsking(false)}>Keep it</Button>
          <Button look="danger" isPending={busy} onPress={() => void remove()}>
            Delete the film
          </Button>
        </div>
      </Dialog>
    </>
  );
}
