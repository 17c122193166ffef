import { describe, expect, it } from "vitest";
import { count, part, percent, size, views } from "./amount";
import { better, chip, honest, ladderSentence, type Rung } from "./progress";
import { age, clock, spokenClock, took, wait } from "./time";
import { initials } from "./words";

describe("clock", () => {
  it.each([[21, "0:21"], [1448, "24:08"], [4350, "1:12:30"], [0, "0:00"], [-3, "0:00"], [Number.NaN, "0:00"], [59.99, "0:59"]])(
    "writes %s s as %s",
    (seconds, text) => expect(clock(seconds)).toBe(text),
  );
  it("is spoken in whole words", () => {
    expect(spokenClock(687)).toBe("11 minutes 27 seconds");
    expect(spokenClock(3661)).toBe("1 hour 1 minute 1 second");
    expect(spokenClock(0)).toBe("0 seconds");
  });
});

describe("wait", () => {
  it.each([[3, "a few seconds"], [31, "about 35 s"], [54.9, "about 55 s"], [61, "about 2 min"], [3600, "about 1 h"], [3601, "about 1 h 1 min"], [7199, "about 2 h"]])(
    "rounds %s s up to %s",
    (seconds, text) => expect(wait(seconds)).toBe(text),
  );
  it("says nothing when nobody knows", () => {
    expect(wait(null)).toBeNull();
    expect(wait(undefined)).toBeNull();
    expect(wait(-1)).toBeNull();
  });
});

it("writes measured lengths exactly", () => {
  expect(took(1.42)).toBe("1.4 s");
  expect(took(252)).toBe("4 min 12 s");
  expect(took(3900)).toBe("1 h 5 min");
  expect(took(60)).toBe("1 min");
  expect(took(43_200)).toBe("12 h");
});

describe("age", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  it.each([
    ["2026-11-21T11:59:30Z", "just now"],
    ["2026-11-21T11:54:00Z", "6 min ago"],
    ["2026-11-21T09:00:00Z", "3 h ago"],
    ["2026-11-20T09:00:00Z", "yesterday"],
    ["2026-11-17T11:00:00Z", "4 d"],
    ["2026-11-10T12:00:00Z", "10 Nov"],
    ["2024-11-10T12:00:00Z", "10 Nov 2024"],
  ])("writes %s as %s", (moment, text) => expect(age(moment, now, "en-GB")).toBe(text));
});

describe("amounts", () => {
  it.each([[0, "0"], [9999, "9,999"], [18234, "18.2k"], [123456, "123k"], [1_400_000, "1.4M"], [999_999, "999k"]])(
    "counts %s as %s",
    (n, text) => expect(count(n)).toBe(text),
  );
  it("has one view and many views", () => {
    expect(views(1)).toBe("1 view");
    expect(views(0)).toBe("0 views");
  });
  it.each([[0, "0 B"], [999, "999 B"], [1100, "1.1 kB"], [312e9, "312 GB"], [999_999_999, "1 GB"], [1e12, "1 TB"]])(
    "sizes %s bytes as %s",
    (bytes, text) => expect(size(bytes)).toBe(text),
  );
  it("puts both figures of a part into the unit of the whole", () => expect(part(2_100_000_000, 3_400_000_000)).toBe("2.1 of 3.4 GB"));
  it("never says 100 % before the last byte", () => {
    expect(percent(999_999, 1_000_000)).toBe(99);
    expect(percent(5, 0)).toBe(0);
  });
});

describe("honest progress", () => {
  const rung = (name: string, state: Rung["state"], percentDone = 0): Rung => ({ name, state, percent: percentDone });
  const video = { state: "playable", best_height: 720, ladder: [rung("720p", "done", 100), rung("1080p", "running", 64)], progress: { left_s: 110 } };
  it("says what works, what comes next and when", () => expect(honest(video)).toBe("Playable now in 720p. 1080p in about 2 min."));
  it("gives the time to everything while several rungs are open", () =>
    expect(honest({ ...video, ladder: [...video.ladder, rung("1440p", "waiting")] })).toBe("Playable now in 720p. 1080p comes next, everything in about 2 min."));
  it("invents no time", () => expect(honest({ ...video, progress: null })).toBe("Playable now in 720p. 1080p comes next."));
  it("speaks of the rest of a rung that plays while it grows", () => {
    const grows = { ...video, best_height: 360, ladder: [rung("240p", "waiting"), rung("360p", "running", 8)] };
    expect(honest(grows)).toBe("Playable now in 360p. The rest of it comes next, everything in about 2 min.");
    expect(honest({ ...grows, ladder: [rung("240p", "done", 100), rung("360p", "running", 8)] })).toBe("Playable now in 360p. All of it in about 2 min.");
    expect(honest({ ...grows, source_playing: true, progress: null })).toBe("Playable now in 360p. 360p comes next.");
    expect(better(grows)).toBeNull();
    expect(better(video)?.name).toBe("1080p");
  });
  it("marks a card only while the ladder is incomplete", () => {
    expect(chip(video)).toBe("Playable in 720p");
    expect(chip({ ...video, state: "ready" })).toBeNull();
  });
  it("draws the ladder in words", () => expect(ladderSentence(video.ladder)).toBe("Qualities: 720p ready; 1080p 64 percent"));
});

it("makes initials of whole signs", () => {
  expect(initials("Lena")).toBe("L");
  expect(initials("Lena van Journey")).toBe("LJ");
  expect(initials(" Ülo  🎬 ")).toBe("Ü🎬");
  expect(initials("")).toBe("");
});
