import { describe, expect, it } from "vitest";
import { type Action, backoff, EMPTY, open, type Queue, ready, step, totals, underWay } from "./uploadQueue";

const run = (actions: Action[], from: Queue = EMPTY): Queue => actions.reduce(step, from);
const files = (...keys: string[]): Action => ({ type: "add", items: keys.map((key) => ({ key, name: `${key}.mp4`, size: 1000 })) });
const phase = (queue: Queue, key: string) => queue.items.find((item) => item.key === key)?.phase;

describe("the line of uploads", () => {
  it("starts two at once and keeps the rest in line", () => {
    const queue = run([files("a", "b", "c")]);
    expect(ready(queue)).toEqual(["a", "b"]);
    expect(ready(run([{ type: "start", key: "a" }, { type: "start", key: "b" }], queue))).toEqual([]);
  });
  it("gives the seat of a finished, paused or refused upload to the next", () => {
    const busy = run([files("a", "b", "c"), { type: "start", key: "a" }, { type: "start", key: "b" }]);
    expect(ready(step(busy, { type: "sent", key: "a" }))).toEqual(["c"]);
    expect(ready(step(busy, { type: "pause", key: "a" }))).toEqual(["c"]);
    expect(ready(step(busy, { type: "refused", key: "a", problem: "too large" }))).toEqual(["c"]);
  });
  it("keeps the seat of one that waits for the network", () => {
    const queue = run([files("a", "b", "c"), { type: "start", key: "a" }, { type: "start", key: "b" }, { type: "lost", key: "a", retryAt: 5 }]);
    expect(phase(queue, "a")).toBe("offline");
    expect(ready(queue)).toEqual([]);
  });
  it("lets a chosen one go first", () => expect(ready(run([files("a", "b", "c"), { type: "first", key: "c" }]))).toEqual(["c", "a"]));
  it("does not add the same upload twice", () => expect(run([files("a"), files("a")]).items).toHaveLength(1));
  it("goes on after a pause from the byte it had", () => {
    const queue = run([files("a"), { type: "start", key: "a" }, { type: "progress", key: "a", sent: 620, speed: 10 }, { type: "pause", key: "a" }, { type: "resume", key: "a" }]);
    expect(queue.items[0]).toMatchObject({ phase: "line", sent: 620 });
  });
  it("ignores late progress of a paused upload", () => {
    const queue = run([files("a"), { type: "start", key: "a" }, { type: "pause", key: "a" }, { type: "progress", key: "a", sent: 900, speed: 1 }]);
    expect(queue.items[0]).toMatchObject({ phase: "paused", sent: 0 });
  });
  it("counts failures until bytes move again", () => {
    const lost = run([files("a"), { type: "start", key: "a" }, { type: "lost", key: "a", retryAt: 1 }, { type: "start", key: "a" }, { type: "lost", key: "a", retryAt: 2 }]);
    expect(lost.items[0]?.failures).toBe(2);
    expect(run([{ type: "start", key: "a" }, { type: "progress", key: "a", sent: 10, speed: null }], lost).items[0]?.failures).toBe(0);
  });
  it("never takes a finished upload back", () => {
    const queue = run([files("a"), { type: "start", key: "a" }, { type: "sent", key: "a" }, { type: "pause", key: "a" }]);
    expect(phase(queue, "a")).toBe("sent");
    expect(open(queue)).toEqual([]);
    expect(totals(queue)).toEqual({ files: 1, sent: 1000, size: 1000 });
  });
  it("is under way while anything of it goes on by itself", () => {
    const one = run([files("a"), { type: "start", key: "a" }]);
    expect([run([files("a")]), one, step(one, { type: "lost", key: "a", retryAt: 1 })].map(underWay)).toEqual([true, true, true]);
    const still: Action[] = [{ type: "pause", key: "a" }, { type: "sent", key: "a" }, { type: "refused", key: "a", problem: "too large" }];
    expect([EMPTY, ...still.map((action) => step(one, action))].map(underWay)).toEqual([false, false, false, false]);
  });
  it("waits longer after each failure, and never more than a minute", () => {
    expect([0, 1, 2, 10].map(backoff)).toEqual([2000, 4000, 8000, 60_000]);
  });
});
