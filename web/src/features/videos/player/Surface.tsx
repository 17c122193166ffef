import { useLayoutEffect, useRef } from "react";
import type { Engine } from "./engine";

/** The place where the picture stands now. */
export function Surface({ engine }: { engine: Engine }) {
  const slot = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const place = slot.current;
    place?.append(engine.surface);
    return () => {
      // A browser pauses a film that leaves the document: between two places it waits in the wings.
      if (engine.surface.parentElement === place) wings().append(engine.surface);
    };
  }, [engine]);
  return <div ref={slot} className="contents" />;
}

function wings(): HTMLElement {
  const known = document.getElementById("wings");
  if (known) return known;
  const made = document.createElement("div");
  made.id = "wings";
  made.inert = true;
  document.body.append(made);
  return made;
}
