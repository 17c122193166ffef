import { FilmStripIcon } from "@phosphor-icons/react/FilmStrip";
import type { ReactNode } from "react";
import type { Poster } from "@/api/types";

type Props = {
  poster: Poster | null;
  /** Empty where the title stands beside the picture. */
  alt?: string;
  sizes: string;
  eager?: boolean;
  className?: string;
  children?: ReactNode;
};

function sources(poster: Poster, type: string): string {
  return poster.widths.map((width) => `${poster.base}/${width}.${type} ${width}w`).join(", ");
}

export function Picture({ poster, alt = "", sizes, eager = false }: Pick<Props, "alt" | "sizes" | "eager"> & { poster: Poster }) {
  const middle = poster.widths[Math.floor(poster.widths.length / 2)] ?? 640;
  return (
    <picture>
      <source type="image/avif" srcSet={sources(poster, "avif")} sizes={sizes} />
      <source type="image/webp" srcSet={sources(poster, "webp")} sizes={sizes} />
      <img
        src={`${poster.base}/${middle}.jpg`}
        srcSet={sources(poster, "jpg")}
        sizes={sizes}
        alt={alt}
        loading={eager ? "eager" : "lazy"}
        fetchPriority={eager ? "high" : "auto"}
        decoding="async"
      />
    </picture>
  );
}

/** A picture of a film, 16:9, or its empty place when there is none yet. */
export function Still({ poster, alt = "", sizes, eager = false, className = "", children }: Props) {
  return (
    <span className={`still ${className}`}>
      {poster ? (
        <Picture poster={poster} alt={alt} sizes={sizes} eager={eager} />
      ) : (
        <span className="grid h-full place-items-center text-ink-3">
          <FilmStripIcon size={20} aria-hidden="true" />
        </span>
      )}
      {children}
    </span>
  );
}
