import { afterEach, beforeEach, expect, it, vi } from "vitest";

class Line {
  static readonly OPEN = 1;
  static last: Line;
  readyState = 0;
  onopen: (() => void) | null = null;
  readonly said: { op: string; topic?: string }[] = [];

  constructor() {
    Line.last = this;
  }
  send(text: string) {
    this.said.push(JSON.parse(text) as { op: string; topic?: string });
  }
  open() {
    this.readyState = Line.OPEN;
    this.onopen?.();
  }
  heard(): string[] {
    const topics = new Set<string>();
    for (const { op, topic = "" } of this.said) {
      if (op === "subscribe") topics.add(topic);
      if (op === "unsubscribe") topics.delete(topic);
    }
    return [...topics];
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Line);
  vi.stubGlobal("location", { protocol: "http:", host: "films.example" });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("hears what there was no room for once others are heard no more, and looks at what it missed", async () => {
  const { signals } = await import("./signals");
  const looked: string[] = [];
  const stops = Array.from({ length: 102 }, (_, n) => signals.subscribe(`video:${n}`, () => looked.push(`video:${n}`)));
  Line.last.open();
  expect(Line.last.heard()).toHaveLength(100);
  stops[0]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(Line.last.heard()).toHaveLength(100);
  expect(Line.last.heard()).toContain("video:100");
  expect(looked).toEqual(["video:100"]);
  const before = Line.last.said.length;
  for (const stop of stops.slice(1)) stop();
  await vi.advanceTimersByTimeAsync(0);
  expect(Line.last.said.slice(before).every(({ op }) => op === "unsubscribe"), "a page that closes asks for nothing more").toBe(true);
  expect(Line.last.heard()).toEqual([]);
});
