import { describe, expect, it } from "vitest";
import type { UploadInfo } from "@/api/types";
import { type Waiting, waitingFor } from "./waiting";

const info = (id: string, filename = "tour.mov", size_bytes = 1000): UploadInfo => ({
  id,
  filename,
  size_bytes,
  purpose: "video",
  subject: `video:${id}`,
  offset_bytes: 440,
  direct: false,
  created_at: "2026-11-21T12:00:00Z",
  expires_at: "2026-11-28T12:00:00Z",
});
const waits = (id: string, modified: number | null = null): Waiting => ({ info: info(id), modified });
const file = { name: "tour.mov", size: 1000, lastModified: 7 };

describe("a chosen file", () => {
  it("belongs to the upload with its name and size", () => expect(waitingFor(file, [waits("a")])?.id).toBe("a"));
  it("belongs to none with another name or size", () => {
    expect(waitingFor({ ...file, name: "tour 2.mov" }, [waits("a")])).toBeNull();
    expect(waitingFor({ ...file, size: 1001 }, [waits("a")])).toBeNull();
    expect(waitingFor(file, [])).toBeNull();
  });
  it("is another file when it was changed since", () => expect(waitingFor(file, [waits("a", 6)])).toBeNull());
  it("goes first to the upload that this browser began", () => {
    expect(waitingFor(file, [waits("a", 6), waits("b"), waits("c", 7)])?.id).toBe("c");
    expect(waitingFor(file, [waits("a", 6), waits("b")])?.id).toBe("b");
  });
});
