import { describe, expect, it } from "vitest";
import type { UploadInfo, Video } from "@/api/types";
import { assemble, detailed, type Row } from "./assemble";

const info = (video: string, fetch: UploadInfo["fetch"] = null): UploadInfo => ({
  id: `upload of ${video}`,
  filename: `${video}.mov`,
  size_bytes: 1000,
  purpose: "video",
  subject: `video:${video}`,
  offset_bytes: 440,
  direct: false,
  created_at: "2026-11-21T12:00:00Z",
  expires_at: "2026-11-28T12:00:00Z",
  fetch,
});
const film = (id: string) => ({ id, title: id, filename: `${id}.mov`, state: "uploading", upload: info(id), ready_at: null }) as unknown as Video;
const names = (rows: ReturnType<typeof assemble>) => rows.map((row) => row.name);

describe("the lines of the upload page", () => {
  it("hold what is unfinished of films older than those that are listed", () => {
    const rows = assemble([], [info("new"), info("old")], [film("new")], true);
    expect(names(rows)).toEqual(["new.mov", "old.mov"]);
    expect(rows[1]).toMatchObject({ videoId: "old", stopped: true });
  });
  it("leave out the bytes of a film that is deleted", () => {
    expect(names(assemble([], [info("new"), info("deleted")], [film("new")], false))).toEqual(["new.mov"]);
  });
  it("name each film once, the one that this page sends first", () => {
    const item = { key: "k", name: "here.mov", size: 1000, sent: 1, speed: null, phase: "sending", videoId: "new", uploadId: "u", problem: null, retryAt: null, failures: 0 } as const;
    expect(names(assemble([item], [info("new")], [film("new")], true))).toEqual(["here.mov"]);
  });
});

describe("the film whose details stand beside", () => {
  const row = (videoId: string | null, stopped = false): Row => ({ key: videoId ?? "in line", name: "", item: null, videoId, info: null, stopped });
  it("is the first on its way while others stand in line", () => expect(detailed([row("a"), row(null)], null)).toBe("a"));
  it("is the chosen one as long as it is there", () => {
    expect(detailed([row("a"), row("b"), row(null)], "b")).toBe("b");
    expect(detailed([row("a"), row(null)], "b")).toBe("a");
  });
  it("is none while nothing has begun", () => expect(detailed([row(null), row("a", true)], null)).toBeNull());
});
