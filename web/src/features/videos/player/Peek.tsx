import { useEffect, useMemo, useSyncExternalStore } from "react";
import { clock } from "@/lib/time";
import { type Board, cellAt, Storyboard } from "./storyboard";

const MOST_WIDE = 160;
const MOST_HIGH = 112;
/** Half of the longest time, with hours. */
const HALF_TIME = 32;

const NOTHING: Board = { cells: [], ready: new Set() };
const never = () => () => undefined;
const nothing = () => NOTHING;

type Props = {
  /** Address of the storyboard; null where the film has none. */
  url: string | null;
  /** The moment that is pointed at, or null. */
  time: number | null;
  /** Its place on the line. */
  share: string;
};

/** What a seek would show: the picture of that moment over its time, above the line and within its ends. */
export function Peek({ url, time, share }: Props) {
  const board = useMemo(() => (url ? new Storyboard(url) : null), [url]);
  const { cells, ready } = useSyncExternalStore(board?.subscribe ?? never, board?.read ?? nothing);
  useEffect(() => {
    if (time !== null) void board?.want(time);
  }, [board, time]);

  if (time === null) return null;
  const cell = cellAt(cells, time);
  const scale = cell ? Math.min(1, MOST_WIDE / cell.width, MOST_HIGH / cell.height) : 1;
  const half = Math.max(HALF_TIME, cell ? (cell.width * scale) / 2 : 0);
  return (
    <span className="peek" data-testid="peek" aria-hidden="true" style={{ insetInlineStart: `clamp(${half}px, ${share}, calc(100% - ${half}px))` }}>
      {cell ? (
        <span className="shot" style={{ width: Math.round(cell.width * scale), height: Math.round(cell.height * scale) }}>
          {ready.has(cell.sheet) ? <img src={cell.sheet} alt="" draggable={false} style={{ transform: `scale(${scale}) translate(${-cell.x}px, ${-cell.y}px)` }} /> : null}
        </span>
      ) : null}
      <b className="num">{clock(time)}</b>
    </span>
  );
}
