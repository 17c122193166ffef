import { expect, it } from "vitest";
import { lines, nearest } from "./lines";

it.each([
  [1920, 1080, 1080],
  [1920, 804, 1080],
  [1080, 1920, 1080],
  [1916, 1076, 1080],
  [854, 480, 480],
  [426, 178, 240],
  [768, 576, 576],
  [1366, 768, 768],
  [320, 180, 180],
  [0, 0, 0],
])("calls %i × %i %ip", (width, height, named) => {
  expect(lines(width, height)).toBe(named);
});

it.each([
  [[240, 360, 720], 720, 720],
  [[240, 360, 720], 480, 360],
  [[240, 360, 720], 1080, 720],
  [[360, 720], 240, 360],
  [[], 720, null],
])("of %j plays for who wants %ip %s", (heights, wanted, height) => {
  expect(nearest(heights, wanted)).toBe(height);
});
