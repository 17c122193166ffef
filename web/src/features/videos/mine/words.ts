import type { Video, VideoState, Visibility } from "@/api/types";

export const STATE_WORDS: Record<VideoState, string> = {
  uploading: "Uploading",
  checking: "Checking",
  encoding: "Encoding",
  playable: "Playable",
  ready: "Ready",
  rejected: "Cannot be read",
  failed: "Stopped",
  cancelled: "Cancelled",
};

export const STATE_TONES: Record<VideoState, string> = {
  uploading: "text-ink-2",
  checking: "text-ink-2",
  encoding: "text-ink-2",
  playable: "text-ok",
  ready: "text-ok",
  rejected: "text-bad",
  failed: "text-bad",
  cancelled: "text-ink-3",
};

export const WHO_WORDS: Record<Visibility, string> = { public: "Everyone", unlisted: "Link", private: "Only me" };

/** Made, but no file is on its way to it. */
export function isWaitingForFile(video: Video): boolean {
  return video.state === "uploading" && video.upload === null;
}

/** Ready, though no picture of it could be made; that may be tried again. */
export function hasNoPictures(video: Video): boolean {
  return video.reason_code === "encoding.no_pictures";
}

export function stateSentence(video: Video): string {
  const word = STATE_WORDS[video.state];
  if (video.state === "playable" && video.best_height) return `Playable in ${video.best_height}p`;
  if (isWaitingForFile(video)) return "Nothing sent";
  if (video.state === "encoding" && video.progress) return `Encoding ${Math.floor(video.progress.percent)} %`;
  return word;
}
