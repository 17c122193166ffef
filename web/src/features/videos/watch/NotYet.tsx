import { Link } from "@tanstack/react-router";
import type { Video } from "@/api/types";
import { percent } from "@/lib/amount";
import { wait } from "@/lib/time";
import { Bar } from "@/ui/Bar";
import { buttonClass } from "@/ui/Button";

/** What stands on the stage while there is nothing to play: the stage of the work, for its owner with figures. */
export function NotYet({ video }: { video: Video }) {
  const { words, bar } = describe(video);
  return (
    <div className="absolute inset-0 z-2 grid place-items-center bg-stage/70 p-6 text-center" role="status">
      <div className="w-full max-w-[46ch]">
        <p className="font-display text-h3 font-semibold">{words.title}</p>
        <p className="mt-1.5 text-ui text-ink-2">{words.detail}</p>
        {bar === null ? null : <Bar label={words.title} value={bar} stopped={Boolean(video.progress?.waits)} className="mt-4" />}
        {video.is_owner ? (
          <Link to="/videos/$id" params={{ id: video.id }} className={buttonClass("secondary", true, "mt-4")}>
            Edit
          </Link>
        ) : null}
      </div>
    </div>
  );
}

function describe(video: Video): { words: { title: string; detail: string }; bar: number | null } {
  const left = wait(video.progress?.left_s);
  switch (video.state) {
    case "uploading":
      return {
        words: { title: "Still on its way here", detail: "The film begins to play on this page by itself, seconds after its last byte." },
        bar: video.is_owner && video.upload ? percent(video.upload.offset_bytes, video.upload.size_bytes) : null,
      };
    case "checking":
      return { words: { title: "Checking the file", detail: video.progress?.waits ?? "It plays here by itself in a moment." }, bar: video.is_owner ? (video.progress?.percent ?? 0) : null };
    case "rejected":
      return { words: { title: "This file cannot be read", detail: video.reason ?? "It is not a film that Matinee can open." }, bar: null };
    case "failed":
      return { words: { title: "The encoding stopped", detail: video.reason ?? "The file is safe. Its owner can try again." }, bar: null };
    case "cancelled":
      return { words: { title: "The encoding was cancelled", detail: "Its owner can begin again." }, bar: null };
    default:
      return {
        words: {
          title: video.progress?.stage ?? "Being encoded",
          detail: video.progress?.waits ?? (left ? `It plays here by itself as soon as the first part is ready. Everything in ${left}.` : "It plays here by itself as soon as the first part is ready."),
        },
        bar: video.is_owner ? (video.progress?.percent ?? null) : null,
      };
  }
}
