import { describe, expect, it } from "vitest";
import type { Video } from "@/api/types";
import { type Item } from "@/lib/uploadQueue";
import { look, spoken } from "./rows";

const said = (rungs: string[]) => {
  const video = { state: "ready", ready_s: 26, ladder: rungs.map((name) => ({ name, state: "done" })) } as unknown as Video;
  return look({ item: null, video, info: null, now: 0 }).sentence;
};

describe("a film that is ready", () => {
  it("says how many qualities it has", () => {
    expect(said(["240p", "360p"])).toBe("All 2 qualities · 26 s from last byte to 360p");
    expect(said(["180p"])).toBe("Its one quality · 26 s from last byte to 180p");
  });
});

describe("a film on its way", () => {
  const heard = (phase: Item["phase"]) => {
    const item = { name: "a.mp4", size: 100, sent: 44, speed: null, phase, retryAt: 0, problem: null } as unknown as Item;
    return spoken(look({ item, video: null, info: null, now: 0 }));
  };

  it("is told at quarters while it grows, and as it is once it stands", () => {
    expect(heard("sending")).toBe("Uploading 25 %");
    expect(heard("paused")).toBe("Paused 44 %");
  });
});
