import { describe, expect, it } from "vitest";
import { cellAt, parse } from "./storyboard";

const VTT = `WEBVTT

00:00:00.000 --> 00:00:04.000
storyboard/100.webp#xywh=0,0,160,90

00:00:04.000 --> 00:00:08.000
storyboard/100.webp#xywh=160,0,160,90

01:00:08.000 --> 01:00:09.500
storyboard/101.webp#xywh=0,90,160,90
`;
const cells = parse(VTT, "https://house.example/media/id/open/storyboard.vtt");

describe("a storyboard", () => {
  it("names a place for each stretch", () => {
    expect(cells).toHaveLength(3);
    expect(cells[1]).toEqual({ start: 4, end: 8, sheet: "https://house.example/media/id/open/storyboard/100.webp", x: 160, y: 0, width: 160, height: 90 });
    expect(cells[2]).toMatchObject({ start: 3608, end: 3609.5, y: 90 });
  });
  it("reads other line ends, and nothing out of what is no list", () => {
    expect(parse(VTT.replaceAll("\n", "\r\n"), "https://house.example/")).toHaveLength(3);
    expect(parse("<html>", "https://house.example/")).toEqual([]);
  });
  it.each([[0, 0], [3.99, 0], [4, 160], [3608.2, 0], [9999, 0]])("shows second %s at %s", (time, x) => expect(cellAt(cells, time)?.x).toBe(x));
  it("shows nothing where there is none", () => expect(cellAt([], 3)).toBeNull());
});
