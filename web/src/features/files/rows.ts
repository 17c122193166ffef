/** One line of the upload page: what this browser sends, what the server holds, and the film it becomes. */
import type { FetchInfo, UploadInfo, Video } from "@/api/types";
import { part, percent, size, speed } from "@/lib/amount";
import { coming } from "@/lib/progress";
import { took, wait } from "@/lib/time";
import type { Item } from "@/lib/uploadQueue";

export type Tone = "plain" | "ok" | "warn" | "bad";
export type Sign = "none" | "check" | "network" | "warning" | "pause";
export type Act = "pause" | "resume" | "tryNow" | "first" | "remove" | "again" | "open" | "copy" | "retry" | "replace" | "edit" | "cancel";

export type Look = {
  word: string;
  tone: Tone;
  sign: Sign;
  bar: { value: number; stopped: boolean } | null;
  sentence: string;
  ladder: boolean;
  acts: Act[];
};

export type Facts = { item: Item | null; video: Video | null; info: UploadInfo | null; now: number };

export function look({ item, video, info, now }: Facts): Look {
  if (item && item.phase !== "sent") return sending(item, now);
  if (video && video.state !== "uploading") return becoming(video);
  if (item) return { word: "Checking", tone: "plain", sign: "none", bar: { value: 100, stopped: false }, sentence: `${size(item.size)} arrived. It is playable in seconds.`, ladder: false, acts: [] };
  const held = video?.upload ?? info;
  if (held?.fetch) return fetching(held, held.fetch, now);
  if (info)
    return {
      word: "Paused",
      tone: "warn",
      sign: "pause",
      bar: { value: percent(info.offset_bytes, info.size_bytes), stopped: true },
      sentence: `${part(info.offset_bytes, info.size_bytes)} are safe here. Choose ${info.filename} again to go on from ${percent(info.offset_bytes, info.size_bytes)} %.`,
      ladder: false,
      acts: ["remove", "again"],
    };
  return { word: "Nothing sent", tone: "warn", sign: "warning", bar: null, sentence: "No byte of this film has arrived. Choose its file again, or delete it.", ladder: false, acts: ["remove", "replace"] };
}

/** For screen readers: the state when it changes, and the percent only at quarters while it grows. */
export function spoken({ word, bar }: Look): string {
  const state = word.replace(/ \d+ %$/, "");
  if (!bar) return state;
  return `${state} ${bar.stopped ? bar.value : Math.floor(bar.value / 25) * 25} %`;
}

/** The server brings it by itself: nothing here needs this page. */
function fetching(held: UploadInfo, fetch: FetchInfo, now: number): Look {
  const total = fetch.total_bytes;
  const base = { sign: "none" as Sign, tone: "plain" as Tone, ladder: false, acts: ["cancel"] as Act[] };
  const bar = total ? { value: percent(held.offset_bytes, total), stopped: fetch.state !== "running" } : null;
  const came = total ? part(held.offset_bytes, total) : held.offset_bytes ? `${size(held.offset_bytes)} so far` : null;
  if (fetch.trouble) {
    const seconds = Math.max(0, Math.ceil((Date.parse(fetch.next_try_at ?? "") - now) / 1000));
    const next = Number.isFinite(seconds) && seconds > 0 ? `Next try in ${wait(seconds) ?? `${seconds} s`}.` : "Trying again.";
    return { ...base, bar, word: "Trying again", tone: "warn", sign: "network", sentence: [came, fetch.trouble, next].filter(Boolean).join(" · ") };
  }
  if (fetch.state === "waiting") return { ...base, bar, word: "In line", sentence: `Is fetched from ${fetch.host} as soon as others are done.` };
  return {
    ...base,
    bar,
    word: bar ? `Fetching ${bar.value} %` : "Fetching",
    sentence: [came, `from ${fetch.host}`, "You may close this page."].filter(Boolean).join(" · "),
  };
}

function sending(item: Item, now: number): Look {
  const done = percent(item.sent, item.size);
  const bar = { value: done, stopped: item.phase !== "sending" };
  const base = { bar, ladder: false, sign: "none" as Sign, tone: "plain" as Tone };
  switch (item.phase) {
    case "line":
      return { ...base, word: "In line", sentence: `Starts when one of two uploads is done · ${size(item.size)}`, acts: ["remove", "first"] };
    case "paused":
      return { ...base, word: "Paused", sign: "pause", sentence: `${part(item.sent, item.size)} are safe. Goes on from that byte.`, acts: ["remove", "resume"] };
    case "offline": {
      const seconds = Math.max(0, Math.ceil(((item.retryAt ?? now) - now) / 1000));
      return {
        ...base,
        word: item.problem ? "Trying again" : "Waiting for the network",
        tone: "warn",
        sign: "network",
        sentence: `${item.problem ?? `Connection lost at ${part(item.sent, item.size)}.`} Goes on by itself from that byte; ${seconds} s to the next try.`,
        acts: ["pause", "tryNow"],
      };
    }
    case "refused":
      return { ...base, word: "Not accepted", tone: "bad", sign: "warning", sentence: item.problem ?? "The server did not take this file.", acts: ["remove", "replace"] };
    default: {
      const left = item.speed ? wait((item.size - item.sent) / item.speed) : null;
      const facts = [part(item.sent, item.size), item.speed ? speed(item.speed) : null, left ? `${left} left` : null];
      return { ...base, word: `Uploading ${done} %`, sentence: facts.filter(Boolean).join(" · "), acts: ["pause"] };
    }
  }
}

function becoming(video: Video): Look {
  const base = { bar: null, ladder: false, sign: "none" as Sign, tone: "plain" as Tone };
  const progress = video.progress;
  const left = wait(progress?.left_s);
  switch (video.state) {
    case "checking":
      return { ...base, word: "Checking", bar: { value: 100, stopped: Boolean(progress?.waits) }, sentence: progress?.waits ?? "Everything arrived. Looking at what is inside.", acts: [] };
    case "encoding":
      return {
        ...base,
        word: `Encoding ${Math.floor(progress?.percent ?? 0)} %`,
        sentence: progress?.waits ?? ([progress?.stage, progress?.speed && progress.speed >= 0.1 ? `${progress.speed.toFixed(1)} × real time` : null, left ? `${left} left` : null].filter(Boolean).join(" · ") || "The first part is nearly playable."),
        ladder: true,
        acts: [],
      };
    case "playable":
      return {
        ...base,
        word: "Playable now",
        tone: "ok",
        sign: "check",
        sentence: [
          `${video.best_height ? `${video.best_height}p` : "Playable"}${video.playable_s === null ? " plays" : ` ready after ${took(video.playable_s)}`}`,
          progress?.waits ?? coming(video),
        ].filter(Boolean).join(" · "),
        ladder: true,
        acts: ["open"],
      };
    case "ready":
      return {
        ...base,
        word: video.visibility === "public" ? "Published" : "Ready",
        tone: "ok",
        sign: "check",
        sentence: `${whole(video.ladder.length)}${video.ready_s === null ? "" : ` · ${took(video.ready_s)} from last byte to ${video.ladder.at(-1)?.name ?? "the end"}`}`,
        acts: ["copy", "open"],
      };
    case "rejected":
      return { ...base, word: "Cannot be read", tone: "bad", sign: "warning", sentence: video.reason ?? "This is not a film that Matinee can open.", acts: ["remove", "replace"] };
    case "failed":
      if (video.source === null && video.reason_code && /^(fetch|files)\./.test(video.reason_code))
        return { ...base, word: "Could not be fetched", tone: "bad", sign: "warning", sentence: video.reason ?? "The server did not send it.", acts: ["remove", "retry"] };
      return { ...base, word: "Encoding stopped", tone: "bad", sign: "warning", sentence: video.reason ?? "The file is safe. Try again.", acts: ["edit", "retry"] };
    case "cancelled":
      if (video.original === null) return { ...base, word: "Cancelled", sign: "pause", sentence: "It was cancelled before its file had arrived.", acts: ["remove", "retry"] };
      return { ...base, word: "Cancelled", sign: "pause", sentence: "The encoding was cancelled. The file is safe.", acts: ["remove", "retry"] };
    default:
      return { ...base, word: "Nothing sent", tone: "warn", sign: "warning", sentence: "No byte of this film has arrived.", acts: ["remove", "replace"] };
  }
}

const whole = (rungs: number) => (rungs === 0 ? "All qualities" : rungs === 1 ? "Its one quality" : `All ${rungs} qualities`);
