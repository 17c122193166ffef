/** One <video> with one source. Two decks make a swap without a gap; a deck knows nothing of the other. */
import Hls, { type ErrorData, Events, ErrorTypes } from "hls.js";
import { clock } from "@/lib/time";
import { lines, nearest } from "./lines";

export type Listener = {
  change: () => void;
  /** A sentence while something is wrong, null when it is right again. */
  trouble: (sentence: string | null) => void;
  /** The address is no longer good: an expired grant, or a film that changed. */
  stale: () => void;
};

const FIRST_TRY_MS = 1500;
const LONGEST_TRY_MS = 20_000;
const MEDIA_EVENTS = [
  "play", "pause", "playing", "waiting", "seeking", "seeked", "ended", "timeupdate", "progress",
  "durationchange", "volumechange", "ratechange", "loadeddata", "canplay",
] as const;

export class Deck {
  readonly video: HTMLVideoElement;
  private hls: Hls | null = null;
  private tries = 0;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private mended = 0;
  private wantedSound: string | null = null;
  private readonly listener: Listener;
  private readonly source: string;

  constructor(source: string, at: number, listener: Listener, muted: boolean) {
    this.source = source;
    this.listener = listener;
    this.video = document.createElement("video");
    this.video.playsInline = true;
    this.video.preload = "auto";
    this.video.muted = muted;
    this.video.tabIndex = -1;
    for (const name of MEDIA_EVENTS) this.video.addEventListener(name, listener.change);
    if (Hls.isSupported()) this.attachHls(at);
    else this.attachNative(at);
  }

  private attachHls(at: number): void {
    const hls = new Hls({
      // A growing list is an event that began at 0, not a broadcast: never start at its edge.
      startPosition: at,
      backBufferLength: 60,
      maxBufferLength: 30,
      capLevelToPlayerSize: false,
      abrEwmaDefaultEstimate: 3_000_000,
      lowLatencyMode: false,
    });
    this.hls = hls;
    hls.on(Events.ERROR, (_, data) => this.onError(data));
    for (const event of [Events.LEVEL_LOADED, Events.FRAG_BUFFERED] as const) {
      hls.on(event, () => {
        this.tries = 0;
        this.listener.trouble(null);
      });
    }
    for (const event of [Events.LEVELS_UPDATED, Events.LEVEL_SWITCHED, Events.MANIFEST_PARSED, Events.AUDIO_TRACK_SWITCHED] as const) {
      hls.on(event, this.listener.change);
    }
    // The renditions of the source and of the ladder bring the same sounds as different groups.
    hls.on(Events.AUDIO_TRACKS_UPDATED, () => {
      if (this.wantedSound !== null) this.chooseSound(this.wantedSound);
      this.listener.change();
    });
    hls.attachMedia(this.video);
    hls.loadSource(this.source);
  }

  private attachNative(at: number): void {
    this.video.src = this.source;
    this.video.addEventListener("loadedmetadata", () => (this.video.currentTime = at), { once: true });
    this.video.addEventListener("error", () => {
      this.listener.trouble(`The film stopped at ${clock(this.video.currentTime)}. It goes on by itself.`);
      this.later(() => {
        const back = this.video.currentTime;
        this.video.src = this.source;
        this.video.currentTime = back;
      });
    });
  }

  private onError(data: ErrorData): void {
    const code = data.response?.code ?? 0;
    if (code === 403 || code === 404 || code === 410) this.listener.stale();
    if (!data.fatal) return;
    const at = clock(this.video.currentTime);
    if (data.type === ErrorTypes.MEDIA_ERROR) {
      this.mended += 1;
      if (this.mended > 4) this.listener.trouble(`The picture at ${at} cannot be decoded. Jump a little further, or choose another quality.`);
      else if (this.mended % 2 === 0) this.hls?.swapAudioCodec();
      this.hls?.recoverMediaError();
      return;
    }
    const waitMs = this.waitMs();
    this.listener.trouble(`Connection lost at ${at}. The film goes on by itself; ${Math.round(waitMs / 1000)} s to the next try.`);
    this.later(() => {
      if (!this.hls) return;
      if (this.hls.levels.length === 0) this.hls.loadSource(this.source);
      else this.hls.startLoad(this.video.currentTime);
    });
  }

  private waitMs(): number {
    return Math.min(LONGEST_TRY_MS, FIRST_TRY_MS * 2 ** this.tries);
  }

  private later(action: () => void): void {
    if (this.retry) clearTimeout(this.retry);
    this.retry = setTimeout(action, this.waitMs());
    this.tries += 1;
  }

  /** Heights on offer, smallest first. */
  heights(): number[] {
    const found = new Set((this.hls?.levels ?? []).map((level) => lines(level.width, level.height)).filter((height) => height > 0));
    return [...found].sort((a, b) => a - b);
  }

  /** The height that plays now; by the picture itself where there are no levels. */
  height(): number | null {
    const { videoWidth, videoHeight } = this.video;
    return lines(videoWidth, videoHeight) || null;
  }

  /** Keeps to one height, or to the nearest that there is, or lets the network decide. */
  choose(height: number | "auto"): void {
    const hls = this.hls;
    if (!hls) return;
    const apply = () => {
      if (height === "auto") {
        hls.nextLevel = -1;
        return;
      }
      let best = -1;
      const there = nearest(this.heights(), height);
      hls.levels.forEach((level, index) => {
        if (lines(level.width, level.height) === there && (best < 0 || level.bitrate > (hls.levels[best]?.bitrate ?? 0))) best = index;
      });
      hls.nextLevel = best;
    };
    if (hls.levels.length > 0) apply();
    else hls.once(Events.MANIFEST_PARSED, apply);
  }

  /** The sound tracks by name, in the order of the source. */
  sounds(): string[] {
    return (this.hls?.audioTracks ?? []).map((track) => track.name);
  }

  /** The one that is heard. */
  sound(): string | null {
    return this.hls?.audioTracks[this.hls.audioTrack]?.name ?? null;
  }

  /** Keeps to the sound of this name, wherever there is one. */
  chooseSound(name: string): void {
    this.wantedSound = name;
    const hls = this.hls;
    const index = this.sounds().indexOf(name);
    if (hls && index >= 0 && index !== hls.audioTrack) hls.audioTrack = index;
  }

  ranges(): [number, number][] {
    const { buffered } = this.video;
    return Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)]);
  }

  holds(time: number): boolean {
    return this.ranges().some(([start, end]) => time >= start - 0.1 && time < end - 0.05);
  }

  /** How far the film reaches so far, in seconds. Of one that grows the list says so: its element counts what it was asked for, too. */
  reach(): number {
    const details = this.hls?.latestLevelDetails;
    if (details?.live) return details.edge;
    const { seekable } = this.video;
    return seekable.length ? seekable.end(seekable.length - 1) : 0;
  }

  close(): void {
    if (this.retry) clearTimeout(this.retry);
    for (const name of MEDIA_EVENTS) this.video.removeEventListener(name, this.listener.change);
    this.hls?.destroy();
    this.hls = null;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    this.video.remove();
  }
}

