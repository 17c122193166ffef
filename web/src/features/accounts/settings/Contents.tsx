import { type ReactNode, useEffect, useRef, useState } from "react";

interface Entry {
  id: string;
  title: string;
}

/** Parts below each other, and where there is room the list of them beside: a long page is not searched by scrolling. */
export function Contents({ children }: { children: ReactNode }) {
  const parts = useRef<HTMLDivElement>(null);
  const [entries, setEntries] = useState<Entry[]>([]);

  useEffect(() => {
    const within = parts.current;
    if (!within) return;
    // Some parts come later than others, and some not at all: what stands there counts.
    const look = () => {
      const found = [...within.querySelectorAll<HTMLElement>(":scope > section[id]")].map((part) => ({ id: part.id, title: part.getAttribute("aria-label") ?? "" }));
      setEntries((before) => (JSON.stringify(before) === JSON.stringify(found) ? before : found));
    };
    look();
    const observer = new MutationObserver(look);
    observer.observe(within, { childList: true });
    return () => observer.disconnect();
  }, []);

  return (
    <div className="wide:grid wide:grid-cols-[minmax(0,720px)_220px] wide:gap-8">
      <div ref={parts} className="grid min-w-0 gap-5">
        {children}
      </div>
      <nav aria-label="On this page" className="hidden self-start wide:sticky wide:top-6 wide:grid">
        {entries.map(({ id, title }) => (
          <a key={id} href={`#${id}`} className="nav text-ui">
            {title}
          </a>
        ))}
      </nav>
    </div>
  );
}
