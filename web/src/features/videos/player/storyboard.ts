/** The small pictures of one film. Fetches the list when first wanted and each sheet when looked at, nothing ahead. */

/** The stretch of the film from `start` to `end` in seconds, and its place on a sheet in points. */
export type Cell = { start: number; end: number; sheet: string; x: number; y: number; width: number; height: number };
/** `ready` names the sheets that can be shown without a wait. */
export type Board = { cells: Cell[]; ready: ReadonlySet<string> };

const CUE = /^([\d:.]+) --> ([\d:.]+)[^\n]*\n([^\n#]+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm;

function seconds(clock: string): number {
  return clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** `base` is the address of the list itself. */
export function parse(vtt: string, base: string): Cell[] {
  return [...vtt.replaceAll("\r\n", "\n").matchAll(CUE)].map(([, start = "", end = "", sheet = "", ...box]) => {
    const [x = 0, y = 0, width = 0, height = 0] = box.map(Number);
    return { start: seconds(start), end: seconds(end), sheet: new URL(sheet, base).href, x, y, width, height };
  });
}

/** What shows `time`; the last cell also what lies a little after its end. */
export function cellAt(cells: Cell[], time: number): Cell | null {
  return cells.find((cell) => time < cell.end) ?? cells.at(-1) ?? null;
}

export class Storyboard {
  private board: Board = { cells: [], ready: new Set() };
  private list: Promise<void> | null = null;
  /** Kept, so that the browser keeps them decoded. */
  private readonly sheets = new Map<string, HTMLImageElement>();
  private readonly listeners = new Set<() => void>();
  private readonly url: string;

  constructor(url: string) {
    this.url = new URL(url, location.href).href;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  read = (): Board => this.board;

  /** Somebody looks at `time`. What cannot be had is not asked for again: the time stands without a picture. */
  async want(time: number): Promise<void> {
    try {
      await (this.list ??= this.load());
      const sheet = cellAt(this.board.cells, time)?.sheet;
      if (!sheet || this.sheets.has(sheet)) return;
      const image = new Image();
      this.sheets.set(sheet, image);
      image.src = sheet;
      await image.decode();
      this.set({ ...this.board, ready: new Set([...this.board.ready, sheet]) });
    } catch {
      // A preview is a courtesy.
    }
  }

  private async load(): Promise<void> {
    const answer = await fetch(this.url);
    if (answer.ok) this.set({ ...this.board, cells: parse(await answer.text(), this.url) });
  }

  private set(board: Board): void {
    this.board = board;
    for (const listener of this.listeners) listener();
  }
}
