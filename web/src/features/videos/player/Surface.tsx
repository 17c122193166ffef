import { useLayoutEffect, useRef } from "react";
import type { Engine } from "./engine";

/** The place where the picture stands now. Moving the element keeps it playing. */
export function Surface({ engine }: { engine: Engine }) {
  const slot = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    slot.current?.append(engine.surface);
  }, [engine]);
  return <div ref={slot} className="contents" />;
}
