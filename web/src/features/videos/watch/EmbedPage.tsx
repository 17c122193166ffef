import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { useSignal } from "@/api/signals";
import { isNowhere, videoQuery } from "@/api/videos";
import { useTitle } from "@/ui/useTitle";
import { Player } from "../player/Player";
import { stage } from "../player/stage";
import { NotYet } from "./NotYet";

const route = getRouteApi("/embed/$id");

/** The bare player for other people's pages. It never starts by itself. */
export function EmbedPage() {
  const { id } = route.useParams();
  const { t } = route.useSearch();
  const { data: video, error, refetch } = useQuery(videoQuery(id));
  const session = useSyncExternalStore(stage.subscribe, stage.read);
  useSignal(`video:${id}`, () => void refetch());
  useTitle(video?.title);
  const gone = isNowhere(error);
  const playable = Boolean(video?.playback) && !gone;
  useEffect(() => {
    if (gone) stage.drop(id);
  }, [gone, id]);
  useEffect(() => {
    if (video && playable) void stage.open(video, () => Promise.resolve(t ?? 0));
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [id, playable, t]);
  useEffect(() => {
    if (video) stage.update(video);
  }, [video, session?.engine]);
  return (
    <main className="embed" data-theme="dark">
      <h1 className="sr-only">{video && !gone ? video.title : "Film"}</h1>
      {session && video ? <Player engine={session.engine} video={video} /> : null}
      {video && !gone && !playable ? <NotYet video={video} /> : null}
      {gone || (error && !video) ? (
        <p role="alert" className="grid h-full place-items-center p-6 text-center text-ink-2">
          {gone ? "There is no film at this address, or it is not for everyone." : error?.message}
        </p>
      ) : null}
    </main>
  );
}
