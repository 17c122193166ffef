const NAMED = [240, 360, 480, 720, 1080, 1440, 2160];

/** What a picture of so many pixels is called, as the server names its rungs: by the 16:9 box it fills, so that 1920 × 804 and
 * 1080 × 1920 are both 1080p, and by its own lines where it fills none. 0 for a size that is not known. */
export function lines(width: number, height: number): number {
  const own = Math.max(Math.min(width, height), Math.round((Math.max(width, height) * 9) / 16));
  return NAMED.find((name) => own <= name && own >= 0.95 * name) ?? own;
}

/** The height that plays for who wants `wanted`: that, else the next smaller one, else the smallest. Null where there is none. */
export function nearest(heights: number[], wanted: number): number | null {
  const below = heights.filter((height) => height <= wanted);
  if (below.length > 0) return Math.max(...below);
  return heights.length > 0 ? Math.min(...heights) : null;
}
