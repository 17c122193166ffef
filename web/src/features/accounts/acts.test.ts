import { describe, expect, it } from "vitest";
import { actWords, factWords } from "./acts";

describe("what stands in the log", () => {
  it("is said in words that people know", () => {
    expect(factWords({ tries: 1, device: "Firefox on Linux" })).toBe("1 try · Firefox on Linux");
    expect(factWords({ limit_bytes: 5_000_000_000 })).toBe("5 GB");
    expect(factWords({ days: 0, kind: "token" })).toBe("without end · kind token");
    expect(factWords({ days: 14 }, { reason: "Too loud." })).toBe("14 days · “Too loud.”");
    expect(factWords(null, { films: false, name: "" })).toBe("");
    expect(actWords("thing.not_known")).toBe("thing not known");
  });
});
