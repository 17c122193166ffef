import { ArrowsInIcon } from "@phosphor-icons/react/ArrowsIn";
import { ArrowsOutIcon } from "@phosphor-icons/react/ArrowsOut";
import { CornersOutIcon } from "@phosphor-icons/react/CornersOut";
import { MoonIcon } from "@phosphor-icons/react/Moon";
import { PauseIcon } from "@phosphor-icons/react/Pause";
import { PictureInPictureIcon } from "@phosphor-icons/react/PictureInPicture";
import { PlayIcon } from "@phosphor-icons/react/Play";
import { SpeakerHighIcon } from "@phosphor-icons/react/SpeakerHigh";
import { SpeakerSlashIcon } from "@phosphor-icons/react/SpeakerSlash";
import { TranslateIcon } from "@phosphor-icons/react/Translate";
import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from "react";
import type { Video } from "@/api/types";
import { better, chip } from "@/lib/progress";
import { clock, wait } from "@/lib/time";
import { Picture } from "@/ui/Still";
import { ChoiceMenu } from "./ChoiceMenu";
import type { Engine } from "./engine";
import { nearest } from "./lines";
import { Scrubber } from "./Scrubber";
import { Surface } from "./Surface";
import { usePlayerKeys } from "./usePlayerKeys";

const HIDE_MS = 2500;
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];

type Props = { engine: Engine; video: Video; dimmed?: boolean; onDim?: () => void; onMini?: () => void; wide?: boolean; onWide?: () => void };

export function Player({ engine, video, dimmed = false, onDim, onMini, onWide }: Props) {
  const state = useSyncExternalStore(engine.subscribe, engine.read);
  const frame = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState<HTMLElement | null>(null);
  const [awake, setAwake] = useState(true);
  const [menuOpen, setMenuOpen] = useState(false);
  const [full, setFull] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const finger = useRef<"none" | "presses" | "wakes">("none");

  function wake() {
    setAwake(true);
    if (timer.current) clearTimeout(timer.current);
    timer.current = setTimeout(() => setAwake(false), HIDE_MS);
  }
  function toggleFull() {
    const place: { requestFullscreen?: () => Promise<void> } | null = frame.current;
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (place?.requestFullscreen) void place.requestFullscreen().catch(() => undefined);
    else engine.fillScreen();
  }

  usePlayerKeys(engine, { full: toggleFull, ...(onDim ? { dim: onDim } : {}), ...(onMini ? { mini: onMini } : {}), ...(onWide ? { wide: onWide } : {}) }, wake);
  useEffect(() => {
    const change = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", change);
    return () => {
      document.removeEventListener("fullscreenchange", change);
      if (timer.current) clearTimeout(timer.current);
    };
  }, []);

  // Also where nothing moves over it, as under a finger that has left.
  const settle = useEffectEvent(wake);
  useEffect(() => {
    if (!state.paused) settle();
  }, [state.paused]);

  const shown = awake || state.paused || menuOpen;
  const next = better(video);
  // The time left is for everything; it belongs to the next rung only when that is the last.
  const last = video.ladder.filter((rung) => rung.state !== "done").length === 1;
  const left = last ? wait(video.progress?.left_s) : null;
  const note = video.state === "playable" && video.best_height ? `${video.best_height}p now${next ? ` · ${next.name} ${left ? `in ${left.replace("about ", "")}` : "next"}` : ""}` : chip(video);
  const heights = [...state.heights].reverse();
  // The name of a button holds the word that is seen on it.
  const chosen = state.choice === "auto" ? null : (nearest(state.heights, state.choice) ?? state.choice);
  const quality = chosen === null ? (state.height ? `${state.height}p` : "Auto") : `${chosen}p`;
  const standing = state.waiting && !state.paused;
  const atEdge = standing && state.duration > 0 && state.reach > 0 && state.reach < state.duration - 1 && state.time >= state.reach - 1.5;

  return (
    // Moving the pointer or the focus only brings the chrome back; every command has a button.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={(element) => {
        frame.current = element;
        setBox(element);
      }}
      className={`player ${shown ? "" : "idle"}`}
      data-theme="dark"
      data-testid="player"
      data-state={state.trouble ? "trouble" : state.ended ? "ended" : standing ? "waiting" : state.paused ? "paused" : "playing"}
      data-height={state.height ?? ""}
      data-heights={state.heights.join(",")}
      data-revision={state.revision}
      data-swaps={state.swaps}
      onPointerMove={wake}
      onFocus={wake}
      role="group"
      aria-label={`Player: ${video.title}`}
    >
      <Surface engine={engine} />
      {/* A press on the picture is the same as the play button, which keyboards and readers have. A finger cannot hover:
          its first touch brings the chrome back, and no more. */}
      <div
        className="press"
        aria-hidden="true"
        onPointerDown={(event) => {
          finger.current = event.pointerType !== "touch" ? "none" : shown ? "presses" : "wakes";
        }}
        onClick={() => {
          if (finger.current === "wakes") wake();
          else engine.toggle();
        }}
        onDoubleClick={() => {
          if (finger.current === "none") toggleFull();
        }}
      >
        {!state.started && video.poster ? <Picture poster={video.poster} sizes="(min-width: 1181px) 75vw, 100vw" eager /> : null}
      </div>
      {note && !dimmed ? (
        <div className="player-head">
          <span className="badge dark num">{note}</span>
        </div>
      ) : null}
      {standing && !state.trouble && !atEdge ? <span className="spinner big late" aria-hidden="true" /> : null}
      {!state.started && state.paused ? (
        <button type="button" className="big-play" aria-label="Play" onClick={() => void engine.play()}>
          <PlayIcon size={30} weight="fill" aria-hidden="true" />
        </button>
      ) : null}
      {state.trouble || atEdge ? (
        <p className="trouble" role="status">
          {state.trouble ?? `Encoded up to ${clock(state.reach)} so far. The film goes on as soon as more is there.`}
        </p>
      ) : null}
      <div className="chrome">
        <Scrubber engine={engine} state={state} storyboard={video.playback?.storyboard ?? null} />
        <div className="ctl">
          <button type="button" className="ctl-btn" aria-label={state.paused ? "Play" : "Pause"} title={`${state.paused ? "Play" : "Pause"} (k)`} onClick={() => engine.toggle()}>
            {state.paused ? <PlayIcon size={24} weight="fill" aria-hidden="true" /> : <PauseIcon size={24} weight="fill" aria-hidden="true" />}
          </button>
          <span className="volume hide-phone">
            <button type="button" className="ctl-btn" aria-label={state.muted ? "Sound on" : "Mute"} title={`${state.muted ? "Sound on" : "Mute"} (m)`} onClick={() => engine.setMuted(!state.muted)}>
              {state.muted ? <SpeakerSlashIcon size={20} aria-hidden="true" /> : <SpeakerHighIcon size={20} aria-hidden="true" />}
            </button>
            <input
              type="range"
              min={0}
              max={100}
              value={state.muted ? 0 : Math.round(state.volume * 100)}
              aria-label="Volume"
              style={{ "--at": `${state.muted ? 0 : Math.round(state.volume * 100)}%` }}
              onChange={(event) => engine.setVolume(Number(event.target.value) / 100)}
            />
          </span>
          <span className="time num">
            <span data-testid="time">{clock(state.time)}</span> <em>/ {clock(state.duration)}</em>
          </span>
          <span className="flex-1" />
          {state.sounds.length > 1 ? (
            <ChoiceMenu
              label={`Sound, now ${state.sound ?? "unknown"}`}
              button={<TranslateIcon size={20} aria-hidden="true" />}
              value={state.sound ?? ""}
              choices={state.sounds.map((name) => ({ id: name, label: name }))}
              onChoose={(name) => engine.chooseSound(name)}
              container={box}
              onOpenChange={setMenuOpen}
            />
          ) : null}
          <ChoiceMenu
            label={`Speed, now ${state.rate}×`}
            button={`${state.rate}×`}
            value={String(state.rate)}
            choices={RATES.map((rate) => ({ id: String(rate), label: rate === 1 ? "1×, as filmed" : `${rate}×` }))}
            onChoose={(id) => engine.setRate(Number(id))}
            container={box}
            onOpenChange={setMenuOpen}
          />
          <ChoiceMenu
            label={`Quality: ${quality}, ${chosen === null ? "automatic" : state.height && state.height !== chosen ? `now ${state.height}p` : "chosen"}`}
            button={quality}
            value={String(chosen ?? "auto")}
            choices={[
              { id: "auto", label: "Auto", ...(chosen === null && state.height ? { note: `${state.height}p now` } : {}) },
              ...heights.map((height) => ({ id: String(height), label: `${height}p` })),
            ]}
            onChoose={(id) => engine.choose(id === "auto" ? "auto" : Number(id))}
            container={box}
            onOpenChange={setMenuOpen}
          />
          {document.pictureInPictureEnabled ? (
            <button type="button" className="ctl-btn hide-phone" aria-label="Picture in picture" title="Picture in picture" onClick={() => void engine.pictureInPicture().catch(() => undefined)}>
              <PictureInPictureIcon size={20} aria-hidden="true" />
            </button>
          ) : null}
          {onWide ? (
            <button type="button" className="ctl-btn hide-phone wide-stage" aria-label="Wide stage" title="Wide stage (t)" onClick={onWide}>
              <ArrowsOutIcon size={20} aria-hidden="true" />
            </button>
          ) : null}
          {onDim ? (
            <button type="button" className="ctl-btn hide-phone" aria-label="Dim the house" aria-pressed={dimmed} title="Dim the house (d)" onClick={onDim}>
              <MoonIcon size={20} weight={dimmed ? "fill" : "regular"} aria-hidden="true" />
            </button>
          ) : null}
          <button type="button" className="ctl-btn" aria-label={full ? "Leave full screen" : "Full screen"} title="Full screen (f)" onClick={toggleFull}>
            {full ? <ArrowsInIcon size={20} aria-hidden="true" /> : <CornersOutIcon size={20} aria-hidden="true" />}
          </button>
        </div>
      </div>
    </div>
  );
}
