import { ArrowsClockwiseIcon } from "@phosphor-icons/react/ArrowsClockwise";
import { CheckIcon } from "@phosphor-icons/react/Check";
import { PauseIcon } from "@phosphor-icons/react/Pause";
import { WarningIcon } from "@phosphor-icons/react/Warning";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useSignal } from "@/api/signals";
import type { UploadInfo } from "@/api/types";
import { videoQuery } from "@/api/videos";
import { clock } from "@/lib/time";
import type { Item } from "@/lib/uploadQueue";
import { Bar } from "@/ui/Bar";
import { Button, buttonClass } from "@/ui/Button";
import { Ladder } from "@/ui/Ladder";
import { Still } from "@/ui/Still";
import { type Act, look, type Sign, spoken } from "./rows";

const TONES = { plain: "text-ink-2", ok: "text-ok", warn: "text-warn", bad: "text-bad" } as const;
const WORDS: Record<Act, string> = {
  pause: "Pause", resume: "Go on", tryNow: "Try now", first: "Start first", remove: "Remove", again: "Choose the file",
  open: "Open", copy: "Copy link", retry: "Try again", replace: "Replace", edit: "Details", cancel: "Cancel",
};

type Props = {
  name: string;
  item: Item | null;
  videoId: string | null;
  info: UploadInfo | null;
  selected: boolean;
  onSelect: () => void;
  onAct: (act: Act) => void;
};

export function UploadRow({ name, item, videoId, info, selected, onSelect, onAct }: Props) {
  const { data } = useQuery({ ...videoQuery(videoId ?? ""), enabled: videoId !== null });
  const { refetch } = useQuery({ ...videoQuery(videoId ?? ""), enabled: false });
  const video = data ?? null;
  // A socket has room for so many films: one that is at its end gives its place to others.
  const over = !selected && (video?.state === "ready" || video?.state === "rejected");
  useSignal(videoId && !over ? `video:${videoId}` : null, () => void refetch());
  const now = useNow(item?.phase === "offline" || Boolean((video?.upload ?? info)?.fetch?.next_try_at));
  const shown = look({ item, video, info, now });
  const title = video && !item ? (video.filename || video.title) : name;

  return (
    <li className={`upload-row ${selected ? "selected" : ""}`} data-testid="upload-row" data-video={videoId ?? ""} data-state={item && item.phase !== "sent" ? item.phase : (video?.state ?? "")}>
      <Still poster={video?.poster ?? null} sizes="104px" className="tiny w-[72px] flex-none self-start phone:w-[104px]">
        {video?.duration_s ? (
          <span className="br hide-phone">
            <span className="badge dark num">{clock(video.duration_s)}</span>
          </span>
        ) : null}
      </Still>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-center gap-x-2.5 gap-y-0.5">
          {videoId ? (
            <button type="button" className="select min-w-0 flex-1 basis-full truncate text-left font-semibold phone:basis-0" aria-pressed={selected} onClick={onSelect}>
              {title}
            </button>
          ) : (
            <span className="min-w-0 flex-1 basis-full truncate font-semibold phone:basis-0">{title}</span>
          )}
          <span className={`num inline-flex items-center gap-1.5 text-meta font-semibold whitespace-nowrap ${TONES[shown.tone]}`}>
            <SignIcon sign={shown.sign} />
            {shown.word}
          </span>
        </div>
        {shown.bar ? <Bar label={title} value={shown.bar.value} stopped={shown.bar.stopped} className="mt-2" /> : null}
        <div className="mt-1.5 flex min-h-7 flex-wrap items-start gap-x-2.5 gap-y-2 phone:flex-nowrap">
          <p className="meta num min-w-0 flex-1 basis-full pt-1 phone:basis-0">
            <span className="block max-w-[62ch]">{shown.sentence}</span>
          </p>
          {shown.acts.map((act) =>
            act === "open" && videoId ? (
              <Link key={act} to="/watch/$id" params={{ id: videoId }} className={buttonClass("secondary", true, "act")}>
                {WORDS.open}
              </Link>
            ) : (
              <Button key={act} small look={act === "remove" ? "quiet" : "secondary"} className="act" onPress={() => onAct(act)} aria-label={`${WORDS[act]}: ${title}`}>
                {act === "pause" ? <PauseIcon size={16} aria-hidden="true" /> : null}
                {WORDS[act]}
              </Button>
            ),
          )}
        </div>
        {shown.ladder && video && video.ladder.length > 0 ? (
          <div className="mt-2.5">
            <Ladder rungs={video.ladder} step={30} />
          </div>
        ) : null}
        <span role="status" className="sr-only">
          {title}: {spoken(shown)}
        </span>
      </div>
    </li>
  );
}

function SignIcon({ sign }: { sign: Sign }) {
  switch (sign) {
    case "check":
      return <CheckIcon size={16} aria-hidden="true" />;
    case "network":
      return <ArrowsClockwiseIcon size={16} aria-hidden="true" />;
    case "warning":
      return <WarningIcon size={16} aria-hidden="true" />;
    case "pause":
      return <PauseIcon size={16} aria-hidden="true" />;
    case "none":
      return null;
  }
}

/** The clock for a countdown; stands still when nobody counts. */
function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
