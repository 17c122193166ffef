import { useEffect, useRef, useState } from "react";
import { spokenClock } from "@/lib/time";
import type { Engine, State } from "./engine";
import { Peek } from "./Peek";

/** How long the picture stands after a key. */
const GLANCE_MS = 2000;
/** The keys of `usePlayerKeys` that move in the film. */
const MOVES = /^(ArrowLeft|ArrowRight|Home|End|[0-9jl,.])$/;

/** Played in lamp, loaded paler, not yet encoded dimmed. Drag, press, or arrow keys. `storyboard` is its address. */
export function Scrubber({ engine, state, storyboard }: { engine: Engine; state: State; storyboard: string | null }) {
  const track = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<number | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const [glancing, setGlancing] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const { duration } = state;
  const time = drag ?? state.time;
  const share = (value: number) => `${duration > 0 ? Math.min(100, Math.max(0, (value / duration) * 100)) : 0}%`;

  const looked = drag ?? hover ?? (glancing ? state.time : null);

  function glance() {
    setGlancing(true);
    if (timer.current) clearTimeout(timer.current);
    timer.current = setTimeout(() => setGlancing(false), GLANCE_MS);
  }
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current);
    },
    [],
  );

  function at(clientX: number): number {
    const box = track.current?.getBoundingClientRect();
    if (!box || box.width === 0) return 0;
    const part = Math.max(0, Math.min(1, (clientX - box.left) / box.width));
    return (getComputedStyle(track.current as Element).direction === "rtl" ? 1 - part : part) * duration;
  }

  return (
    <div
      ref={track}
      className="scrub"
      role="slider"
      tabIndex={0}
      aria-label="Seek"
      aria-valuemin={0}
      aria-valuemax={Math.round(duration)}
      aria-valuenow={Math.round(time)}
      aria-valuetext={`${spokenClock(time)} of ${spokenClock(duration)}`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag(at(event.clientX));
      }}
      onPointerMove={(event) => {
        setHover(at(event.clientX));
        if (drag !== null) setDrag(at(event.clientX));
      }}
      onPointerUp={(event) => {
        if (drag === null) return;
        engine.seek(at(event.clientX));
        setDrag(null);
      }}
      onPointerCancel={() => setDrag(null)}
      onPointerLeave={() => setHover(null)}
      onFocus={(event) => {
        if (event.currentTarget.matches(":focus-visible")) glance();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") setGlancing(false);
        else if (MOVES.test(event.key)) glance();
      }}
      onBlur={() => setGlancing(false)}
    >
      <span className="rail">
        {state.reach > 0 && state.reach < duration - 1 ? <s className="reach" style={{ width: share(state.reach) }} /> : null}
        {state.ranges.map(([start, end]) => (
          <s key={start} className="loaded" style={{ insetInlineStart: share(start), width: share(end - start) }} />
        ))}
        <u style={{ width: share(time) }} />
      </span>
      <span className="knob" style={{ insetInlineStart: share(time) }} />
      <Peek url={storyboard} time={duration > 0 ? looked : null} share={share(looked ?? 0)} />
    </div>
  );
}
