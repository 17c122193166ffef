import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Problem } from "@/api/client";
import type { Video, Visibility } from "@/api/types";
import { editVideo, videoQuery } from "@/api/videos";

export type Draft = { title: string; description: string; visibility: Visibility };
export type Saving = { at: number | null; busy: boolean; fault: string | null; fields: Record<string, string> };

const PAUSE_MS = 700;

/** Saves what changed as the person goes; never writes an untouched field. */
export function useAutosave(video: Video) {
  const cache = useQueryClient();
  const [touched, setTouched] = useState<Partial<Draft>>({});
  const [saving, setSaving] = useState<Saving>({ at: null, busy: false, fault: null, fields: {} });
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const pending = useRef<Partial<Draft>>({});

  const draft: Draft = { title: video.title, description: video.description, visibility: video.visibility, ...touched };

  async function save(): Promise<void> {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
    const change = pending.current;
    if (change.title !== undefined && !change.title.trim()) {
      setSaving((now) => ({ ...now, fields: { title: "A film needs a title. The last one is still saved." } }));
      return;
    }
    if (Object.keys(change).length === 0) return;
    pending.current = {};
    setSaving((now) => ({ ...now, busy: true, fault: null, fields: {} }));
    try {
      const saved = await editVideo(video.id, change);
      cache.setQueryData(videoQuery(video.id).queryKey, saved);
      void cache.invalidateQueries({ queryKey: ["videos"] });
      setSaving({ at: Date.now(), busy: false, fault: null, fields: {} });
    } catch (error) {
      // What was not saved is tried again with the next change.
      pending.current = { ...change, ...pending.current };
      const fields = error instanceof Problem ? Object.fromEntries(error.fields.map((one) => [one.field.split(".").at(-1) ?? one.field, one.message])) : {};
      setSaving((now) => ({ ...now, busy: false, fields, fault: error instanceof Error ? error.message : "Not saved." }));
    }
  }

  function change(part: Partial<Draft>): void {
    setTouched((now) => ({ ...now, ...part }));
    pending.current = { ...pending.current, ...part };
    if (timer.current) clearTimeout(timer.current);
    timer.current = setTimeout(() => void save(), PAUSE_MS);
  }

  // Leaving the form saves at once what still waits.
  const last = useRef(save);
  useEffect(() => {
    last.current = save;
  });
  useEffect(() => () => {
    if (timer.current) void last.current();
  }, []);

  return { draft, change, save, saving };
}
