import { LinkIcon } from "@phosphor-icons/react/Link";
import { PencilSimpleIcon } from "@phosphor-icons/react/PencilSimple";
import { LockSimpleIcon } from "@phosphor-icons/react/LockSimple";
import { LinkSimpleIcon } from "@phosphor-icons/react/LinkSimple";
import { Link } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import type { Video } from "@/api/types";
import { better, chip, honest } from "@/lib/progress";
import { views } from "@/lib/amount";
import { clock } from "@/lib/time";
import { Button, buttonClass } from "@/ui/Button";
import { Face } from "@/ui/Face";
import { Ladder } from "@/ui/Ladder";
import { toast } from "@/ui/toast";
import { When } from "@/ui/When";
import type { Engine } from "../player/engine";

/** What is about the work: title, person, honest progress, words. */
export function About({ video, engine }: { video: Video; engine: Engine | null }) {
  const { owner } = video;
  return (
    <div className="min-w-0">
      <h1 className="text-[1.375rem] font-[680] tracking-[-.02em] [font-stretch:112%] phone:text-[1.75rem]">{video.title}</h1>
      <div className="my-3.5 flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <Link to="/@{$handle}" params={{ handle: owner.handle }} className="flex min-w-0 items-center gap-3 rounded-control">
          <Face name={owner.display_name} handle={owner.handle} size={44} />
          <span className="min-w-0">
            <span className="block font-semibold">{owner.display_name}</span>
            <span className="meta block">@{owner.handle}</span>
          </span>
        </Link>
        <div className="flex flex-wrap gap-2">
          {engine ? <CopyAt engine={engine} id={video.id} /> : <CopyLink id={video.id} />}
          {video.is_owner ? (
            <Link to="/videos/$id" params={{ id: video.id }} className={buttonClass("secondary")}>
              <PencilSimpleIcon size={16} aria-hidden="true" />
              Edit
            </Link>
          ) : null}
        </div>
      </div>
      {video.state === "playable" ? <Progress video={video} /> : null}
      <p className="meta num mt-4 mb-1.5 flex flex-wrap items-center gap-x-1.5">
        <span>{views(video.view_count)}</span>
        <span aria-hidden="true">·</span>
        <span>
          {video.published_at ? "published " : "added "}
          <When moment={video.published_at ?? video.created_at} />
        </span>
        {video.visibility === "public" ? null : (
          <span className="badge outline ms-1">
            {video.visibility === "private" ? <LockSimpleIcon size={12} aria-hidden="true" /> : <LinkSimpleIcon size={12} aria-hidden="true" />}
            {video.visibility === "private" ? "Only me" : "With the link"}
          </span>
        )}
      </p>
      {video.description ? <p className="max-w-[70ch] whitespace-pre-line">{video.description}</p> : null}
    </div>
  );
}

function Progress({ video }: { video: Video }) {
  const next = better(video);
  const moves = next ? `You move up by yourself when ${next.name} arrives; nothing reloads.` : "What is missing arrives while you watch; nothing reloads.";
  const meanwhile =
    video.progress?.waits ?? (video.source_playing ? "You see the file as it was sent; sizes for every connection take over as they arrive." : moves);
  return (
    <div className="panel flex flex-wrap items-center gap-x-7 gap-y-3.5 p-3.5 phone:px-[18px]" data-testid="progress">
      {/* What is left changes every few seconds: only a better quality is spoken. */}
      <span role="status" className="sr-only">
        {chip(video)}
      </span>
      <div className="min-w-[16rem] flex-1">
        <p className="font-semibold">{honest(video)}</p>
        <p className="meta mt-0.5">{meanwhile} This line goes away when the ladder is complete.</p>
      </div>
      {video.ladder.length ? <Ladder rungs={video.ladder} className={video.ladder.length > 3 ? "max-phone:w-full max-phone:justify-between" : ""} /> : null}
    </div>
  );
}

function address(id: string, seconds: number): string {
  return `${location.origin}/watch/${id}${seconds >= 1 ? `?t=${Math.floor(seconds)}` : ""}`;
}

async function copy(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    window.prompt("The browser does not let pages copy here. This is the link:", text);
  }
}

function CopyAt({ engine, id }: { engine: Engine; id: string }) {
  // Whole seconds only: the label moves once a second.
  const second = useSyncExternalStore(engine.subscribe, () => Math.floor(engine.read().time));
  return (
    <Button onPress={() => void copy(address(id, second), second >= 1 ? `The link to ${clock(second)} is copied.` : "The link is copied.")}>
      <LinkIcon size={16} aria-hidden="true" />
      <span className="num">{second >= 1 ? `Copy link at ${clock(second)}` : "Copy link"}</span>
    </Button>
  );
}

function CopyLink({ id }: { id: string }) {
  return (
    <Button onPress={() => void copy(address(id, 0), "The link is copied.")}>
      <LinkIcon size={16} aria-hidden="true" />
      Copy link
    </Button>
  );
}
