import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { singleKeysOn, typing } from "@/lib/keys";

const CHORD_MS = 900;
const GOES: Partial<Record<string, "/" | "/upload" | "/videos">> = { h: "/", u: "/upload", v: "/videos" };

/** Keys of the house: `?` the list, `g h` Home, `g u` Upload, `g v` Videos. */
export function useShortcuts(openList: () => void): void {
  const navigate = useNavigate();
  const onKey = useEffectEvent((event: KeyboardEvent, chord: boolean): boolean => {
    if (event.key === "?") {
      openList();
      return false;
    }
    if (!chord) return event.key === "g";
    const to = GOES[event.key];
    if (to) {
      // The letter belongs to the chord; a player on the page must not hear it too.
      event.stopImmediatePropagation();
      event.preventDefault();
      void navigate({ to });
    }
    return false;
  });
  useEffect(() => {
    let until = 0;
    function listen(event: KeyboardEvent) {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || typing(event) || !singleKeysOn()) return;
      const chord = performance.now() < until;
      until = onKey(event, chord) ? performance.now() + CHORD_MS : 0;
    }
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  }, []);
}
