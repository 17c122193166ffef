import { useQuery } from "@tanstack/react-query";
import { storageQuery } from "@/api/files";
import { percent, size } from "@/lib/amount";

const NAMES: Record<string, string> = { video: "originals", source: "originals", original: "originals", rendition: "qualities", renditions: "qualities", poster: "stills", posters: "stills", storyboard: "stills" };
const COLOURS = ["var(--data-1)", "var(--data-2)", "var(--data-3)", "var(--data-4)", "var(--data-5)"];

/** Where the bytes are: one bar, its parts named below. */
export function StorageBar() {
  const { data } = useQuery(storageQuery);
  if (!data) return null;
  const parts = Object.entries(data.by_purpose ?? {}).filter(([, bytes]) => bytes > 0);
  return (
    <section className="panel mb-5 p-4" aria-label="Storage">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="num text-ui font-semibold">
          {size(data.used_bytes)} of {size(data.limit_bytes)} used
        </p>
        <p className="meta num">{size(Math.max(0, data.limit_bytes - data.used_bytes))} free</p>
      </div>
      <div className="mt-2.5 flex h-1.5 gap-0.5 overflow-hidden rounded-[3px] bg-line" role="img" aria-label={`${percent(data.used_bytes, data.limit_bytes)} percent of your space is used`}>
        {parts.map(([purpose, bytes], index) => (
          <i key={purpose} className="block" style={{ width: `${(bytes / Math.max(1, data.limit_bytes)) * 100}%`, background: COLOURS[index % COLOURS.length] }} />
        ))}
      </div>
      {parts.length ? (
        <ul className="meta num mt-2.5 flex flex-wrap gap-x-4 gap-y-1">
          {parts.map(([purpose, bytes], index) => (
            <li key={purpose} className="flex items-center gap-1.5">
              <span className="size-2 rounded-[2px]" style={{ background: COLOURS[index % COLOURS.length] }} aria-hidden="true" />
              {NAMES[purpose] ?? purpose} {size(bytes)}
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}
