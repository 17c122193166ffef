/** A person without a picture: initials on paper, always the same paper for the same handle. */
const PAPERS = ["buff", "mint", "rose", "sky", "lilac", "slate"] as const;

export function Face({ name, handle, size = 32 }: { name: string; handle: string; size?: number }) {
  let sum = 0;
  for (const sign of handle) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) >>> 0;
  const initials = name
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => String.fromCodePoint(word.codePointAt(0) ?? 0x20))
    .filter((_, index, all) => index === 0 || index === all.length - 1)
    .join("")
    .toUpperCase();
  return (
    <span
      className="face"
      aria-hidden="true"
      style={{
        width: size,
        height: size,
        fontSize: Math.max(10, Math.round(size * 0.38)),
        background: `var(--paper-${PAPERS[sum % PAPERS.length] ?? "buff"})`,
      }}
    >
      {initials.slice(0, 2)}
    </span>
  );
}
