/** The three honest facts about a video under way: what works now, what comes next, when. */
import { wait } from "./time";

export type Rung = { name: string; state: "waiting" | "running" | "done"; percent: number };

export type Facts = {
  state: string;
  ladder: Rung[];
  best_height: number | null;
  progress: { left_s: number | null } | null;
  source_playing?: boolean;
};

/** The next rung that is not done, smallest first. */
export function nextRung(ladder: Rung[]): Rung | null {
  return ladder.find((r) => r.state === "running") ?? ladder.find((r) => r.state === "waiting") ?? null;
}

/** The next rung that shows more than what plays now. */
export function better({ ladder, best_height }: Facts): Rung | null {
  return nextRung(ladder.filter((r) => Number.parseInt(r.name) > (best_height ?? 0)));
}

/** "1080p in about 2 min", or the rest of a rung that plays while it grows. Says nothing about time when nobody knows it. */
export function coming(video: Facts): string | null {
  const next = nextRung(video.ladder);
  if (!next || video.state === "ready") return null;
  const grows = !video.source_playing && next.name === `${video.best_height}p`;
  const left = wait(video.progress?.left_s);
  if (left && video.ladder.filter((r) => r.state !== "done").length === 1) return `${grows ? "all of it" : next.name} in ${left}`;
  return `${grows ? "the rest of it" : next.name} comes next${left ? `, everything in ${left}` : ""}`;
}

/** "Playable now in 720p. 1080p in about 2 min." */
export function honest(video: Facts): string {
  const now =
    video.state === "playable" || video.state === "ready"
      ? video.best_height
        ? `Playable now in ${video.best_height}p.`
        : "Playable now."
      : "Not playable yet.";
  const next = coming(video);
  return next ? `${now} ${next.charAt(0).toUpperCase()}${next.slice(1)}.` : now;
}

/** The chip on a still: "Playable in 720p". Null when the video is complete. */
export function chip(video: { state: string; best_height: number | null }): string | null {
  if (video.state !== "playable") return null;
  return video.best_height ? `Playable in ${video.best_height}p` : "Playable";
}

/** What the ladder drawing shows, as a sentence. */
export function ladderSentence(ladder: Rung[]): string {
  const done = ladder.filter((r) => r.state === "done").map((r) => r.name);
  const running = ladder.filter((r) => r.state === "running").map((r) => `${r.name} ${Math.floor(r.percent)} percent`);
  const waiting = ladder.filter((r) => r.state === "waiting").map((r) => r.name);
  const parts: string[] = [];
  if (done.length) parts.push(`${done.join(", ")} ready`);
  if (running.length) parts.push(running.join(", "));
  if (waiting.length) parts.push(`${waiting.join(", ")} waiting`);
  return parts.length ? `Qualities: ${parts.join("; ")}` : "No qualities yet";
}
