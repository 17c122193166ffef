import { Link } from "@tanstack/react-router";
import type { Card } from "@/api/types";
import { views } from "@/lib/amount";
import { chip } from "@/lib/progress";
import { clock } from "@/lib/time";
import { Face } from "@/ui/Face";
import { Still } from "@/ui/Still";
import { When } from "@/ui/When";
import { placeOf } from "./player/memory";

type Props = { video: Card; lead?: boolean; eager?: boolean; heading?: "h2" | "h3" };

/** The whole card is one link to the film; the person is a stop of their own. */
export function VideoCard({ video, lead = false, eager = false, heading: Heading = "h2" }: Props) {
  const state = chip(video);
  const seen = video.duration_s ? placeOf(video.id) / video.duration_s : 0;
  return (
    <article className={lead ? "card lead" : "card"}>
      <Still
        poster={video.poster}
        eager={eager}
        sizes={lead ? "(min-width: 1181px) 45vw, (min-width: 641px) 92vw, 100vw" : "(min-width: 1181px) 22vw, (min-width: 641px) 45vw, 100vw"}
      >
        {state ? (
          <span className="tl">
            <span className="badge dark num">{state}</span>
          </span>
        ) : null}
        {video.duration_s ? (
          <span className="br">
            <span className="badge dark num">{clock(video.duration_s)}</span>
          </span>
        ) : null}
        {seen > 0.01 ? (
          <span className="seen">
            <i style={{ width: `${Math.min(100, seen * 100)}%` }} />
          </span>
        ) : null}
      </Still>
      <div className="min-w-0">
        <Heading className={lead ? "lead-title two" : "two font-sans text-card leading-[1.3] font-semibold tracking-normal"}>
          <Link to="/watch/$id" params={{ id: video.id }} className="cover" data-video={video.id}>
            {video.title}
          </Link>
        </Heading>
        <div className={`flex items-center gap-2 ${lead ? "mt-2.5" : "mt-1.5"}`}>
          <Face name={video.owner.display_name} handle={video.owner.handle} size={lead ? 28 : 24} />
          <p className="meta num min-w-0 truncate">
            <Link
              to="/@{$handle}"
              params={{ handle: video.owner.handle }}
              className={`own-stop hover:text-ink ${lead ? "font-semibold text-ink-2" : ""}`}
            >
              {video.owner.display_name}
            </Link>
            <span className="whitespace-nowrap">
              {" "}
              · {views(video.view_count)} · <When moment={video.published_at ?? video.created_at} />
            </span>
          </p>
        </div>
      </div>
    </article>
  );
}
