/** Plays one video: state for the chrome, commands, the swap to newer renditions, and the reports of watching. */
import type { Video } from "@/api/types";
import { reportWatch } from "@/api/videos";
import { Deck, type Listener } from "./deck";
import { shown, until } from "./frames";
import { forget, keep, loadTaste, saveTaste } from "./memory";

export type Choice = "auto" | number;

export type State = {
  paused: boolean;
  started: boolean;
  ended: boolean;
  waiting: boolean;
  time: number;
  duration: number;
  /** How far the film can be watched so far. Equal to `duration` once it is whole. */
  reach: number;
  ranges: [number, number][];
  volume: number;
  muted: boolean;
  rate: number;
  heights: number[];
  choice: Choice;
  height: number | null;
  sounds: string[];
  sound: string | null;
  trouble: string | null;
  revision: number;
  swaps: number;
};

const HEARTBEAT_MS = 10_000;
const SWAP_LEAD_S = 1.2;
const SWAP_PATIENCE_MS = 30_000;

export class Engine {
  /** Holds the picture; moved between page and mini player without stopping it. */
  readonly surface: HTMLDivElement;
  onStale: (() => void) | null = null;
  private video: Video;
  private front: Deck;
  private back: Deck | null = null;
  private swapToken = 0;
  private swapFailures = 0;
  private swapAgain: ReturnType<typeof setTimeout> | null = null;
  private state: State;
  private readonly listeners = new Set<() => void>();
  private readonly visit = crypto.randomUUID();
  private watchedS = 0;
  private reported = -1;
  private lastTick: number | null = null;
  private readonly beat: ReturnType<typeof setInterval>;
  private askedAt = 0;
  private wantedSound: string | null = null;

  constructor(video: Video, at: number) {
    this.video = video;
    this.surface = document.createElement("div");
    this.surface.className = "surface";
    const taste = loadTaste();
    this.state = {
      paused: true, started: false, ended: false, waiting: true, time: at, duration: video.duration_s ?? 0,
      reach: 0, ranges: [], volume: taste.volume, muted: taste.muted, rate: taste.rate, heights: [],
      choice: taste.choice, height: null, sounds: [], sound: null, trouble: null, revision: video.playback?.revision ?? 0, swaps: 0,
    };
    this.front = this.makeDeck(at, taste.muted);
    this.surface.append(this.front.video);
    this.front.video.volume = taste.volume;
    this.front.video.playbackRate = taste.rate;
    this.beat = setInterval(() => this.report(), HEARTBEAT_MS);
    document.addEventListener("visibilitychange", this.onHide);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  read = (): State => this.state;

  private readonly onHide = () => {
    if (document.visibilityState === "hidden") this.report();
  };

  private makeDeck(at: number, muted: boolean): Deck {
    const listener: Listener = {
      change: () => {
        if (deck === this.front) this.sync();
      },
      trouble: (sentence) => {
        if (deck === this.front && sentence !== this.state.trouble) this.set({ trouble: sentence });
      },
      stale: () => this.stale(),
    };
    const deck: Deck = new Deck(this.video.playback?.hls ?? "", at, listener, muted);
    if (this.state.choice !== "auto") deck.choose(this.state.choice);
    if (this.wantedSound !== null) deck.chooseSound(this.wantedSound);
    return deck;
  }

  /** Where the film is. Before its first picture the element says 0, and what was asked for is the truth. */
  private place(): number {
    const { video } = this.front;
    return video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA && !this.state.started ? this.state.time : video.currentTime;
  }

  private stale(): void {
    // One refetch at a time: every segment of an expired grant fails at once.
    if (performance.now() - this.askedAt < 5000) return;
    this.askedAt = performance.now();
    this.onStale?.();
  }

  private set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  private sync(): void {
    const { video } = this.front;
    const time = video.currentTime;
    if (this.lastTick !== null && !video.paused && !video.seeking) {
      const passed = time - this.lastTick;
      if (passed > 0 && passed < 2) this.watchedS += passed;
    }
    this.lastTick = time;
    const reach = this.front.reach();
    const known = this.video.duration_s ?? 0;
    const ended = video.ended || (known > 0 && time >= known - 0.05 && video.paused);
    this.set({
      paused: video.paused,
      ended,
      started: this.state.started || (!video.paused && time > 0),
      waiting: !video.ended && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
      time: this.place(),
      duration: known || (Number.isFinite(video.duration) ? video.duration : 0),
      reach: Math.min(known || reach, reach),
      ranges: this.front.ranges(),
      volume: video.volume,
      muted: video.muted,
      rate: video.playbackRate,
      heights: this.front.heights(),
      height: this.front.height(),
      sounds: this.front.sounds(),
      sound: this.front.sound(),
    });
    // The first report opens the visit: the server counts what is watched from there.
    if (this.state.started && this.reported < 0) this.report();
    if (ended) forget(this.video.id);
    else if (this.state.started) keep(this.video.id, time);
  }

  // --- commands

  async play(): Promise<boolean> {
    try {
      if (this.state.ended) this.seek(0);
      await this.front.video.play();
      this.set({ started: true });
      return true;
    } catch {
      // The browser wants a press first, or a newer command came: the big button stands.
      return false;
    }
  }

  pause(): void {
    this.front.video.pause();
    this.report();
  }

  toggle(): void {
    if (this.state.paused) void this.play();
    else this.pause();
  }

  seek(time: number): void {
    const end = this.state.duration || this.state.reach;
    const edge = this.state.reach > 0 ? Math.min(end, this.state.reach - (this.state.reach < end - 0.5 ? 0.5 : 0)) : end;
    const to = Math.max(0, Math.min(time, edge));
    this.lastTick = null;
    this.front.video.currentTime = to;
    this.set({ time: to, ended: false });
    if (this.back) this.prepareSwap();
  }

  /** One frame on or back; 30 in a second when the film does not say. */
  frame(direction: 1 | -1): void {
    this.front.video.pause();
    this.seek(this.front.video.currentTime + direction / (this.video.source?.video.fps ?? 30));
  }

  setVolume(volume: number): void {
    this.front.video.volume = Math.max(0, Math.min(1, volume));
    this.front.video.muted = volume <= 0;
    this.remember();
  }

  setMuted(muted: boolean): void {
    this.front.video.muted = muted;
    if (!muted && this.front.video.volume === 0) this.front.video.volume = 0.5;
    this.remember();
  }

  setRate(rate: number): void {
    this.front.video.playbackRate = rate;
    this.remember();
  }

  choose(choice: Choice): void {
    this.set({ choice });
    this.front.choose(choice);
    this.back?.choose(choice);
    this.remember();
  }

  chooseSound(name: string): void {
    this.wantedSound = name;
    this.front.chooseSound(name);
    this.back?.chooseSound(name);
    this.sync();
  }

  private remember(): void {
    const { volume, muted, playbackRate } = this.front.video;
    saveTaste({ volume, muted, rate: playbackRate, choice: this.state.choice });
  }

  async pictureInPicture(): Promise<void> {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await this.front.video.requestPictureInPicture();
  }

  /** For telephones that let no page fill the screen, but a film alone. */
  fillScreen(): void {
    (this.front.video as { webkitEnterFullscreen?: () => void }).webkitEnterFullscreen?.();
  }

  // --- the swap

  /** Takes newer facts; when the master has new renditions, moves to them at the current time. */
  revise(video: Video): void {
    const before = this.video;
    this.video = video;
    if (!video.playback) return;
    const moved = video.playback.hls !== before.playback?.hls;
    if (video.playback.revision === this.state.revision && !moved) {
      if (video.duration_s !== before.duration_s) this.sync();
      return;
    }
    this.set({ revision: video.playback.revision });
    this.prepareSwap();
  }

  /**
   * hls.js never reads a master again, so a second deck opens it a moment ahead of the picture, muted and
   * underneath; the first plays on until the second shows a frame of the same time.
   */
  private prepareSwap(): void {
    this.dropBack();
    this.swapToken += 1;
    if (this.swapAgain) clearTimeout(this.swapAgain);
    const token = this.swapToken;
    const front = this.front.video;
    const end = this.video.duration_s ?? Number.POSITIVE_INFINITY;
    const lead = stands(front) ? 0 : SWAP_LEAD_S * front.playbackRate;
    const at = Math.max(0, Math.min(this.place() + lead, end - 0.2));
    const back = this.makeDeck(at, true);
    this.back = back;
    back.video.playbackRate = front.playbackRate;
    this.surface.prepend(back.video);
    void this.carryOver(back, at, token);
  }

  private dropBack(): void {
    this.back?.close();
    this.back = null;
  }

  private async carryOver(back: Deck, first: number, token: number): Promise<void> {
    const gone = () => token !== this.swapToken || this.back !== back;
    const deadline = performance.now() + SWAP_PATIENCE_MS;
    const over = () => gone() || performance.now() > deadline;
    let at = first;
    while (!over()) {
      await until(() => over() || (back.holds(at) && back.video.readyState >= 3 && !back.video.seeking));
      if (over()) break;
      const front = this.front.video;
      if (stands(front)) {
        // Standing picture: the same moment, once it is decoded.
        if (Math.abs(back.video.currentTime - this.place()) > 0.02) {
          at = this.place();
          back.video.currentTime = at;
          await until(() => over() || (!back.video.seeking && back.video.readyState >= 2));
          if (over()) break;
        }
        // The person may have pressed play while the moment was being decoded.
        if (stands(front)) {
          if (!front.paused) await back.video.play().catch(() => undefined);
          this.switchTo(back);
          return;
        }
        continue;
      }
      if (front.currentTime > at + 0.05) {
        // It took longer than the lead: aim again, within what is loaded if possible.
        at = front.currentTime + SWAP_LEAD_S * front.playbackRate * 0.6;
        back.video.currentTime = at;
        continue;
      }
      await until(() => over() || front.paused || front.seeking || front.currentTime >= at - 0.03);
      if (over()) break;
      if (front.paused || front.seeking) continue;
      await back.video.play().catch(() => undefined);
      await shown(back.video);
      if (gone()) return;
      this.switchTo(back);
      return;
    }
    if (gone()) return;
    // A slow line, or a tab that stood still: what plays goes on, and it is tried again later.
    this.dropBack();
    this.swapAgain = setTimeout(() => this.prepareSwap(), SWAP_PATIENCE_MS * 2 ** this.swapFailures);
    this.swapFailures += 1;
  }

  private switchTo(back: Deck): void {
    const old = this.front;
    back.video.volume = old.video.volume;
    back.video.playbackRate = old.video.playbackRate;
    back.video.muted = old.video.muted;
    this.front = back;
    this.back = null;
    this.swapFailures = 0;
    this.lastTick = null;
    back.video.style.zIndex = "1";
    const leave = () => {
      old.close();
      back.video.style.zIndex = "";
    };
    if (document.pictureInPictureElement === old.video) {
      // Without a press of its person a film comes into the small picture only in place of one that is there.
      old.video.muted = true;
      void back.video.requestPictureInPicture().catch(() => undefined).then(leave);
    } else leave();
    this.set({ swaps: this.state.swaps + 1, trouble: null });
    this.sync();
  }

  // --- watching

  private report(): void {
    if (!this.state.started) return;
    const watched_s = Math.round(this.watchedS * 10) / 10;
    if (watched_s === this.reported) return;
    this.reported = watched_s;
    // A report that does not arrive is made good by the next one.
    reportWatch(this.video.id, { position_s: this.state.ended ? 0 : this.state.time, watched_s, visit: this.visit }).catch(
      () => undefined,
    );
  }

  close(): void {
    this.report();
    clearInterval(this.beat);
    document.removeEventListener("visibilitychange", this.onHide);
    this.swapToken += 1;
    if (this.swapAgain) clearTimeout(this.swapAgain);
    this.dropBack();
    this.front.close();
    this.surface.remove();
    this.listeners.clear();
  }
}

/** Paused, or out of data: the picture stands still. */
function stands(video: HTMLVideoElement): boolean {
  return video.paused || video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
}
