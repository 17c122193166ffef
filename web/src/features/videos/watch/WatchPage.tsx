import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { meQuery } from "@/api/accounts";
import { useSignal } from "@/api/signals";
import { fetchResume, isNowhere, videoQuery } from "@/api/videos";
import type { Video } from "@/api/types";
import { Picture } from "@/ui/Still";
import { buttonClass } from "@/ui/Button";
import { Fault, Ghost, Loading } from "@/ui/States";
import { toast } from "@/ui/toast";
import { clock } from "@/lib/time";
import { useTitle } from "@/ui/useTitle";
import { placeHere, placeOf } from "../player/memory";
import { Player } from "../player/Player";
import { stage } from "../player/stage";
import { About } from "./About";
import { AfterThis } from "./AfterThis";
import { NotYet } from "./NotYet";

const route = getRouteApi("/shell/watch/$id");
const NEAR_END_S = 10;

export function WatchPage() {
  const { id } = route.useParams();
  const { t } = route.useSearch();
  // A new film is a new page: nothing of the last one stays.
  return <Watch key={id} id={id} at={t} />;
}

function Watch({ id, at }: { id: string; at: number | undefined }) {
  const { data: video, error, refetch } = useQuery(videoQuery(id));
  useSignal(`video:${id}`, () => void refetch());
  useTitle(video?.title);
  const gone = isNowhere(error);
  useEffect(() => {
    if (gone) stage.drop(id);
  }, [gone, id]);
  // Also while it plays: it was deleted, or is not for everyone any more.
  if (gone) return <Nothing />;
  if (video) return <Open video={video} at={at} refetch={() => void refetch()} />;
  if (error)
    return (
      <div className="main">
        <Fault error={error} what="The film did not open" level={1} retry={() => void refetch()} />
      </div>
    );
  return (
    <Loading what="Opening the film">
      <div className="stage" data-theme="dark">
        <div className="player" />
      </div>
      <div className="below">
        <div className="grid gap-3">
          <Ghost className="h-8 w-2/3" />
          <Ghost className="h-11 w-1/3" />
        </div>
      </div>
    </Loading>
  );
}

function Nothing() {
  useTitle("Not here");
  const { data: me } = useQuery(meQuery);
  const guest = me !== undefined && me.account === null;
  return (
    <div className="main">
      <div className="mx-auto max-w-[52ch] py-20 text-center">
        <h1>There is no film at this address</h1>
        <p className="mt-3 text-ink-2">
          It was deleted, the address has a mistake in it, or only its maker may see it.{guest ? " If it is yours, sign in first." : ""}
        </p>
        <div className="mt-6 flex justify-center gap-2">
          <Link to="/" className={buttonClass("secondary")}>
            Go home
          </Link>
          {guest ? (
            <Link to="/sign-in" search={{ next: location.pathname }} className={buttonClass("quiet")}>
              Sign in
            </Link>
          ) : null}
        </div>
      </div>
    </div>
  );
}

function Open({ video, at, refetch }: { video: Video; at: number | undefined; refetch: () => void }) {
  const session = useSyncExternalStore(stage.subscribe, stage.read);
  const { data: me } = useQuery(meQuery);
  const [dimmed, setDimmed] = useState(false);
  const [wide, setWide] = useState(false);
  const playable = video.playback !== null;
  const signedIn = me === undefined ? null : me.account !== null;
  const mine = session?.video.id === video.id ? session : null;

  useEffect(() => {
    if (!playable || signedIn === null) return;
    void stage
      .open(video, async () => {
        if (at !== undefined) return at;
        const place = await whereStopped(video, signedIn);
        return place;
      })
      .then(() => {
        const now = stage.read();
        if (now?.video.id !== video.id) return;
        const { started, time } = now.engine.read();
        if (at !== undefined && started) now.engine.seek(at);
        if (!started) {
          void now.engine.play();
          if (at === undefined && time > 0)
            toast(`Goes on at ${clock(time)}, where you stopped.`, { label: "From the start", run: () => now.engine.seek(0) });
        }
      });
    // Only another film or another place in it opens the stage anew; newer facts arrive by `update`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [video.id, playable, signedIn === null, at]);
  useEffect(() => () => stage.leavePage(video.id), [video.id]);
  useEffect(() => {
    stage.update(video);
  }, [video, mine?.engine]);
  useEffect(() => {
    if (mine) mine.engine.onStale = refetch;
  }, [mine, refetch]);

  return (
    <div className={dimmed ? "dimmed" : ""} data-testid="watch" data-video-state={video.state}>
      <section className={wide ? "stage wide" : "stage"} data-theme="dark" aria-label="Player and what runs with it">
        <div className="spill" aria-hidden="true" style={video.tint ? { "--tint": video.tint } : undefined} />
        {mine?.onPage ? (
          <Player
            engine={mine.engine}
            video={video}
            dimmed={dimmed}
            onDim={() => setDimmed((now) => !now)}
            onMini={() => {
              stage.shrink();
            }}
            wide={wide}
            onWide={() => setWide((now) => !now)}
          />
        ) : (
          <div className="player">
            {video.poster ? (
              <div className="press">
                <Picture poster={video.poster} sizes="(min-width: 1181px) 75vw, 100vw" eager />
              </div>
            ) : null}
            {playable ? null : <NotYet video={video} />}
            {mine && !mine.onPage ? (
              <button type="button" className={buttonClass("secondary", false, "absolute inset-0 z-2 m-auto h-11 w-max bg-stage")} onClick={() => void stage.open(video, () => Promise.resolve(0))}>
                Bring the film back here
              </button>
            ) : null}
          </div>
        )}
        <AfterThis video={video} place="stage" />
      </section>
      <div className="below">
        <About video={video} engine={mine?.engine ?? null} />
        <AfterThis video={video} place="below" />
      </div>
    </div>
  );
}

/** Where this person stopped: in this tab, else the account's word, else this browser's. The last seconds count as the end. */
async function whereStopped(video: Video, signedIn: boolean): Promise<number> {
  const here = placeHere(video.id);
  let place = here || placeOf(video.id);
  if (signedIn && !here) {
    try {
      const kept = await fetchResume(video.id);
      if (kept.position_s > 0) place = kept.position_s;
    } catch {
      // Without the account's word this browser's memory serves.
    }
  }
  const end = video.duration_s ?? Number.POSITIVE_INFINITY;
  return place > 5 && place < end - NEAR_END_S ? place : 0;
}
