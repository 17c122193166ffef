import { initials } from "@/lib/words";

/** A person without a picture: initials on paper, always the same paper for the same handle. */
const PAPERS = ["buff", "mint", "rose", "sky", "lilac", "slate"] as const;

export function Face({ name, handle, size = 32 }: { name: string; handle: string; size?: number }) {
  let sum = 0;
  for (const sign of handle) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) >>> 0;
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
      {initials(name)}
    </span>
  );
}
