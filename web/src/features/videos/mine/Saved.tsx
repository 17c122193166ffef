import { useEffect, useState } from "react";
import type { Saving } from "./useAutosave";

/** "Saved 4 s ago", or what stands in the way. */
export function Saved({ saving }: { saving: Saving }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (saving.at === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [saving.at]);
  if (saving.fault) return <span role="alert" className="text-meta text-bad">Not saved: {saving.fault}</span>;
  if (saving.busy) return <span className="meta">Saving</span>;
  if (saving.at === null) return <span className="meta">Saved as you go</span>;
  const seconds = Math.max(0, Math.round((now - saving.at) / 1000));
  return <span className="meta num">{seconds < 60 ? `Saved ${seconds} s ago` : `Saved ${Math.floor(seconds / 60)} min ago`}</span>;
}
