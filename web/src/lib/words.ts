/** Words made of what people wrote. */

/** First letters of the first and the last word; a sign that takes two places counts as one. */
export function initials(name: string): string {
  return name
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => Array.from(word.toUpperCase()).at(0) ?? "")
    .filter((_, index, all) => index === 0 || index === all.length - 1)
    .join("");
}
