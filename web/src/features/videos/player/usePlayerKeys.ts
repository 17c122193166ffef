import { useEffect, useEffectEvent } from "react";
import { singleKeysOn, typing } from "@/lib/keys";
import type { Engine } from "./engine";

/** `small`: beside another page, which keeps the keys that it is scrolled with. */
export type Extra = { small?: boolean; full?: () => void; wide?: () => void; dim?: () => void; mini?: () => void };

/** The player's keys, wherever the focus is on the page, except while typing or in a menu. */
export function usePlayerKeys(engine: Engine | null, extra: Extra, wake: () => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (!engine || event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || typing(event)) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    const onControl = target?.closest("button, a, [role=menu], [role=dialog], [role=tab], input") ?? null;
    const { time, duration, volume, muted } = engine.read();
    // A control that has the focus keeps its own keys.
    if (event.key === " " && onControl) return;
    if (event.key.startsWith("Arrow") && onControl?.matches("input, [role=menu], [role=tab]")) return;
    if (event.key.length === 1 && event.key !== " " && !singleKeysOn()) return;
    if (extra.small && !/^[a-z]$/.test(event.key)) return;
    const commands: Record<string, (() => void) | undefined> = {
      " ": () => engine.toggle(),
      k: () => engine.toggle(),
      j: () => engine.seek(time - 10),
      l: () => engine.seek(time + 10),
      ArrowLeft: () => engine.seek(time - 5),
      ArrowRight: () => engine.seek(time + 5),
      ArrowUp: () => engine.setVolume((muted ? 0 : volume) + 0.05),
      ArrowDown: () => engine.setVolume(volume - 0.05),
      ",": () => engine.frame(-1),
      ".": () => engine.frame(1),
      m: () => engine.setMuted(!muted),
      f: extra.full,
      t: extra.wide,
      d: extra.dim,
      i: extra.mini,
      Home: target?.matches("[role=slider]") ? () => engine.seek(0) : undefined,
      End: target?.matches("[role=slider]") ? () => engine.seek(duration) : undefined,
    };
    const command = /^[0-9]$/.test(event.key) ? () => engine.seek((duration * Number(event.key)) / 10) : commands[event.key];
    if (!command) return;
    event.preventDefault();
    wake();
    command();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
