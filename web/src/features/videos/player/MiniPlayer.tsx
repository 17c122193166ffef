import { PauseIcon } from "@phosphor-icons/react/Pause";
import { PlayIcon } from "@phosphor-icons/react/Play";
import { XIcon } from "@phosphor-icons/react/X";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { useSignal } from "@/api/signals";
import { isNowhere, videoQuery } from "@/api/videos";
import { IconButton } from "@/ui/Button";
import { stage } from "./stage";
import { Surface } from "./Surface";
import { usePlayerKeys } from "./usePlayerKeys";

/** The film goes on while its page is left: a small picture, or a bar above the bottom bar on the phone. */
export default function MiniPlayer() {
  const session = useSyncExternalStore(stage.subscribe, stage.read);
  return session ? <Mini key={session.video.id} session={session} /> : null;
}

function Mini({ session }: { session: NonNullable<ReturnType<typeof stage.read>> }) {
  const { engine, video } = session;
  const state = useSyncExternalStore(engine.subscribe, engine.read);
  const fresh = useQuery(videoQuery(video.id));
  useSignal(`video:${video.id}`, () => void fresh.refetch());
  const gone = isNowhere(fresh.error);
  useEffect(() => {
    if (gone) stage.drop(video.id);
    else if (fresh.data) stage.update(fresh.data);
  }, [gone, video.id, fresh.data]);
  usePlayerKeys(engine, { small: true }, () => undefined);
  return (
    <section className="mini" aria-label={`Mini player: ${video.title}`} data-testid="mini">
      <Link to="/watch/$id" params={{ id: video.id }} className="pic" aria-label={`Back to ${video.title}`} data-theme="dark">
        <Surface engine={engine} />
        <span className="line">
          <i style={{ width: `${state.duration > 0 ? (state.time / state.duration) * 100 : 0}%` }} />
        </span>
      </Link>
      <div className="words">
        <span className="min-w-0 flex-1">
          <span className="block truncate text-ui font-semibold">{video.title}</span>
          <span className="meta block truncate">{video.owner.display_name}</span>
        </span>
        <IconButton label={state.paused ? "Play" : "Pause"} hint="k" onPress={() => engine.toggle()}>
          {state.paused ? <PlayIcon size={20} weight="fill" aria-hidden="true" /> : <PauseIcon size={20} weight="fill" aria-hidden="true" />}
        </IconButton>
        <IconButton label="Close the player" onPress={() => stage.close()}>
          <XIcon size={20} aria-hidden="true" />
        </IconButton>
      </div>
    </section>
  );
}
