import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { crowd, waitMs } from "./crowd";

const full = (code = "house.crowded") => new Response(JSON.stringify({ code }), { status: 503, headers: { "Retry-After": "3" } });
const good = () => new Response("{}", { status: 201 });

describe("crowd", () => {
  let leave: () => void;
  const shown: boolean[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    shown.length = 0;
    leave = crowd.subscribe(() => shown.push(crowd.read()));
  });
  afterEach(() => {
    leave();
    vi.useRealTimers();
  });

  it("waits as long as it is asked, and up to as long again", () => {
    expect(waitMs("3", 0)).toBe(3000);
    expect(waitMs("3", 0.5)).toBe(4500);
    expect(waitMs(null, 0)).toBe(3000);
    expect(waitMs("soon", 0)).toBe(3000);
    expect(waitMs("86400", 0)).toBe(30_000);
  });

  it("shows that it waits, and tries again by itself", async () => {
    const again = vi.fn().mockResolvedValueOnce(full()).mockResolvedValueOnce(good());
    const past = crowd.past(full(), again);
    await vi.advanceTimersByTimeAsync(2900);
    expect(again).not.toHaveBeenCalled();
    expect(crowd.read()).toBe(true);
    await vi.advanceTimersByTimeAsync(12_000);
    expect((await past).status).toBe(201);
    expect(shown).toEqual([true, false, true, false]);
  });

  it("gives up after a few tries", async () => {
    const again = vi.fn(() => Promise.resolve(full()));
    const past = crowd.past(full(), again);
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await past).status).toBe(503);
    expect(again).toHaveBeenCalledTimes(4);
  });

  it("ends when its person will not wait", async () => {
    const again = vi.fn();
    const past = crowd.past(full(), again);
    await vi.advanceTimersByTimeAsync(1000);
    crowd.stop();
    expect((await past).status).toBe(503);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(again).not.toHaveBeenCalled();
    expect(crowd.read()).toBe(false);
  });

  it("leaves every other answer alone, and waits nowhere unseen", async () => {
    const again = vi.fn();
    const other = full("house.unavailable");
    expect(await crowd.past(other, again)).toBe(other);
    leave();
    const unseen = full();
    expect(await crowd.past(unseen, again)).toBe(unseen);
    expect(again).not.toHaveBeenCalled();
  });
});
