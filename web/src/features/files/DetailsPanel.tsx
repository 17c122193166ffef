import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { videoQuery } from "@/api/videos";
import type { Video } from "@/api/types";
import { clock } from "@/lib/time";
import { Button, buttonClass } from "@/ui/Button";
import { Fault, Ghost } from "@/ui/States";
import { Still } from "@/ui/Still";
import { toast } from "@/ui/toast";
import { Details } from "@/features/videos/mine/Details";
import { Saved } from "@/features/videos/mine/Saved";
import { useAutosave } from "@/features/videos/mine/useAutosave";

/** Details of the chosen upload; they can be filled in while the bytes travel. */
export function DetailsPanel({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(videoQuery(id));
  if (data) return <Panel key={data.id} video={data} />;
  if (error) return <Fault error={error} what="The details did not come" retry={() => void refetch()} />;
  return <Ghost className="h-[520px]" />;
}

function Panel({ video }: { video: Video }) {
  const form = useAutosave(video);
  const { draft, change, save } = form;
  const playable = video.playback !== null;
  return (
    <aside className="panel wide:sticky wide:top-5" aria-label={`Details of ${video.title}`} data-testid="details">
      <div className="p-4 pb-0">
        <Still poster={video.poster} sizes="404px">
          {video.duration_s ? (
            <span className="br">
              <span className="badge dark num">{clock(video.duration_s)}</span>
            </span>
          ) : null}
        </Still>
      </div>
      <div className="px-4 py-[18px]">
        <Details video={video} form={form} />
      </div>
      <div className="form-foot">
        <span className="min-w-0 flex-1">
          <Saved saving={form.saving} />
        </span>
        {playable ? (
          <Link to="/watch/$id" params={{ id: video.id }} className={buttonClass("secondary")}>
            Preview
          </Link>
        ) : null}
        {draft.visibility === "public" ? null : (
          <Button
            look="primary"
            onPress={() => {
              change({ visibility: "public" });
              void save();
              toast(playable ? "Published. Everyone can watch it now." : "It is published as soon as it can be played.");
            }}
          >
            Publish
          </Button>
        )}
      </div>
    </aside>
  );
}
