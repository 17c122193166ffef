import type { Video } from "@/api/types";
import { size } from "@/lib/amount";
import { clock } from "@/lib/time";
import { buttonClass } from "@/ui/Button";

/** What is inside the file that was uploaded, and the file itself. */
export function SourceSheet({ video }: { video: Video }) {
  const { source } = video;
  if (!source && !video.original) return null;
  const picture = source?.video;
  const lines: [string, string][] = source
    ? [
        ["File", video.filename || "unnamed"],
        ["Container", source.container],
        ["Length", clock(source.duration_s)],
        ["Size", size(source.size_bytes)],
        ...(picture
          ? ([
              ["Picture", `${picture.width}×${picture.height}${picture.rotation ? `, turned ${picture.rotation}°` : ""}`],
              ["Picture codec", [picture.codec, picture.profile, `${picture.bit_depth} bit`].filter(Boolean).join(" · ")],
              ["Frame rate", `${Math.round(picture.fps * 100) / 100}${picture.variable_fps ? ", variable" : ""}`],
            ] as [string, string][])
          : []),
        ...source.audio.map((track, index): [string, string] => [
          source.audio.length > 1 ? `Sound ${index + 1}` : "Sound",
          [track.codec, track.channels === 1 ? "mono" : track.channels === 2 ? "stereo" : `${track.channels} channels`, `${track.sample_rate / 1000} kHz`, track.language].filter(Boolean).join(" · "),
        ]),
        ...(source.audio.length === 0 ? ([["Sound", "none"]] as [string, string][]) : []),
        ...(video.size_bytes ? ([["All bytes of this film", size(video.size_bytes)]] as [string, string][]) : []),
      ]
    : [];
  return (
    <section className="panel p-4" aria-label="Source">
      <h2 className="mb-3">Source</h2>
      <dl className="grid gap-2 text-ui">
        {lines.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4">
            <dt className="flex-none text-ink-3">{name}</dt>
            <dd className="num min-w-0 text-right [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
      {video.original ? (
        <a href={video.original} download={video.filename ?? true} className={buttonClass("secondary", true, "mt-4")}>
          Download the original
        </a>
      ) : null}
    </section>
  );
}
