import { useQuery } from "@tanstack/react-query";
import { storageQuery } from "@/api/files";
import { percent, size } from "@/lib/amount";

const COUNTED: Record<string, string> = { video: "originals", unfinished: "unfinished uploads" };
const MADE: Record<string, string> = { rendition: "qualities", poster: "stills", storyboard: "seek previews" };
const COLOURS: Record<string, string> = { video: "var(--data-1)", unfinished: "var(--data-2)" };

/** Where the bytes are: what counts as one bar, its parts named below; what the house made of it beside them. */
export function StorageBar() {
  const { data } = useQuery(storageQuery);
  if (!data) return null;
  const parts = Object.entries(data.by_purpose ?? {}).filter(([, bytes]) => bytes > 0);
  const counted = parts.filter(([purpose]) => purpose in COUNTED);
  const made = parts.filter(([purpose]) => !(purpose in COUNTED));
  return (
    <section className="panel mb-5 p-4" aria-label="Storage">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="num text-ui font-semibold">
          {size(data.used_bytes)} of {size(data.limit_bytes)} used
        </p>
        <p className="meta num">{size(Math.max(0, data.limit_bytes - data.used_bytes))} free</p>
      </div>
      <div className="mt-2.5 flex h-1.5 gap-0.5 overflow-hidden rounded-[3px] bg-line" role="img" aria-label={`${percent(data.used_bytes, data.limit_bytes)} percent of your space is used`}>
        {counted.map(([purpose, bytes]) => (
          <i key={purpose} className="block" style={{ width: `${(bytes / Math.max(1, data.limit_bytes)) * 100}%`, background: COLOURS[purpose] }} />
        ))}
      </div>
      {parts.length ? (
        <ul className="meta num mt-2.5 flex flex-wrap gap-x-4 gap-y-1">
          {counted.map(([purpose, bytes]) => (
            <li key={purpose} className="flex items-center gap-1.5">
              <span className="size-2 rounded-[2px]" style={{ background: COLOURS[purpose] }} aria-hidden="true" />
              {COUNTED[purpose]} {size(bytes)}
            </li>
          ))}
          {made.length ? <li>Made of them and not counted: {made.map(([purpose, bytes]) => `${MADE[purpose] ?? purpose} ${size(bytes)}`).join(", ")}</li> : null}
        </ul>
      ) : null}
    </section>
  );
}
