import { PlusIcon } from "@phosphor-icons/react/Plus";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { RadioButton, RadioField, RadioGroup } from "react-aria-components/RadioGroup";
import { Label } from "react-aria-components/Label";
import type { Video } from "@/api/types";
import { pickPoster, videoQuery } from "@/api/videos";
import { clock } from "@/lib/time";
import { Still } from "@/ui/Still";
import { hasNoPictures } from "./words";

/** The still that stands for the film: one of those found, or a picture of one's own. */
export function StillPicker({ video }: { video: Video }) {
  const cache = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const picked = video.poster_candidates.find((one) => one.poster.base === video.poster?.base);
  const refused = video.poster_reason && !busy ? `Your picture was not taken: ${video.poster_reason}` : null;
  const own = video.poster !== null && !picked;

  async function pick(index: number) {
    setFault(null);
    try {
      cache.setQueryData(videoQuery(video.id).queryKey, await pickPoster(video.id, index));
      void cache.invalidateQueries({ queryKey: ["videos"] });
    } catch (error) {
      setFault(error instanceof Error ? error.message : "The still was not saved.");
    }
  }
  async function send(file: File) {
    setFault(null);
    setBusy(true);
    try {
      const { sendPicture } = await import("@/features/files/sender");
      await sendPicture(video.id, file);
      await cache.invalidateQueries({ queryKey: videoQuery(video.id).queryKey });
    } catch (error) {
      setFault(error instanceof Error ? error.message : "The picture did not arrive.");
    } finally {
      setBusy(false);
    }
  }

  return (
    <div>
      <RadioGroup value={picked ? String(picked.index) : own ? "own" : null} onChange={(value) => { if (value !== "own") void pick(Number(value)); }}>
        <Label className="label">Still</Label>
        <div className="thumbs">
          {own ? (
            <RadioField value="own" aria-label="Your own picture">
              <RadioButton>
                <Still poster={video.poster} sizes="96px" />
              </RadioButton>
            </RadioField>
          ) : null}
          {video.poster_candidates.map((one) => (
            <RadioField key={one.index} value={String(one.index)} aria-label={one.at_s === null ? "Still" : `Still at ${clock(one.at_s)}`}>
              <RadioButton>
                <Still poster={one.poster} sizes="96px">
                  {one.at_s === null ? null : (
                    <span className="br">
                      <span className="badge dark num">{clock(one.at_s)}</span>
                    </span>
                  )}
                </Still>
              </RadioButton>
            </RadioField>
          ))}
          <button type="button" className="add" aria-label="Add a picture of your own" disabled={busy} onClick={() => input.current?.click()}>
            {busy ? <span className="spinner" aria-hidden="true" /> : <PlusIcon size={20} aria-hidden="true" />}
          </button>
        </div>
      </RadioGroup>
      <input
        ref={input}
        type="file"
        accept="image/jpeg,image/png,image/webp,image/avif"
        className="hidden"
        aria-label="Picture for the still"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) void send(file);
        }}
      />
      {fault ?? refused ? <p role="alert" className="fault">{fault ?? refused}</p> : null}
      {video.poster_candidates.length === 0 ? (
        <p className="hint">{hasNoPictures(video) ? "No stills could be taken from this film." : "Stills from the film appear here once it has been checked."}</p>
      ) : null}
    </div>
  );
}
