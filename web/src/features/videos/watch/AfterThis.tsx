import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { newestQuery } from "@/api/videos";
import type { Card, Video } from "@/api/types";
import { views } from "@/lib/amount";
import { clock } from "@/lib/time";
import { Still } from "@/ui/Still";

/**
 * The films beside and below: on the stage, more from this person; below, the newest from everyone.
 * Each says why it stands there by its heading.
 */
export function AfterThis({ video, place }: { video: Video; place: "stage" | "below" }) {
  const mine = useInfiniteQuery(newestQuery(video.owner.handle));
  const all = useInfiniteQuery(newestQuery());
  const theirs = others(mine.data?.pages[0]?.items, video);
  const shownThere = new Set(theirs.slice(0, 5).map((one) => one.id));
  if (place === "stage") {
    return (
      <aside className="beside" aria-label={`More from ${video.owner.display_name}`}>
        <h2 className="mb-3 border-b border-line pb-2.5 text-ui font-semibold tracking-normal [font-family:var(--font-text)]">
          More from {video.owner.display_name}
        </h2>
        {theirs.length === 0 && mine.isSuccess ? <p className="meta">Nothing else from {video.owner.display_name} yet.</p> : null}
        <ul className="grid gap-2">
          {theirs.slice(0, 5).map((one) => (
            <li key={one.id}>
              <Row card={one} small />
            </li>
          ))}
        </ul>
      </aside>
    );
  }
  const rest = others(all.data?.pages[0]?.items, video);
  if (rest.length === 0) return <aside aria-label="After this" />;
  return (
    <aside aria-label="After this">
      <h2 className={rest.every((one) => shownThere.has(one.id)) ? "mb-3 wide:hidden" : "mb-3"}>New here</h2>
      <ul className="grid gap-3.5">
        {rest.slice(0, 12).map((one) => (
          // Where the stage has no room beside the picture, the person's other films stand here.
          <li key={one.id} className={shownThere.has(one.id) ? "wide:hidden" : ""}>
            <Row card={one} />
          </li>
        ))}
      </ul>
    </aside>
  );
}

function others(items: Card[] | undefined, video: Video): Card[] {
  return (items ?? []).filter((one) => one.id !== video.id);
}

function Row({ card, small = false }: { card: Card; small?: boolean }) {
  return (
    <Link to="/watch/$id" params={{ id: card.id }} className={`flex gap-3 rounded-control ${small ? "-mx-2 p-2 hover:bg-hover" : ""}`}>
      <Still poster={card.poster} sizes="150px" className={`tiny flex-none self-start ${small ? "w-24" : "w-[132px] phone:w-[148px]"}`}>
        {card.duration_s ? (
          <span className="br">
            <span className="badge dark num">{clock(card.duration_s)}</span>
          </span>
        ) : null}
      </Still>
      <span className="min-w-0">
        <span className="two text-ui leading-[1.3] font-semibold">{card.title}</span>
        <span className="meta num mt-0.5 block truncate">
          {card.owner.display_name} · {views(card.view_count)}
        </span>
      </span>
    </Link>
  );
}
