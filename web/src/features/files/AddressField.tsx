import { type SyntheticEvent, useState } from "react";
import { Problem } from "@/api/client";
import type { Video } from "@/api/types";
import { importVideo } from "@/api/videos";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";

/** A film from an address: the server fetches it by itself, and this page may be closed at once. */
export function AddressField({ onBegun }: { onBegun: (video: Video) => void }) {
  const [url, setUrl] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    if (busy) return;
    if (!url.trim()) {
      setFault("Put the address of a film here, such as https://films.example/film.mp4.");
      return;
    }
    setBusy(true);
    setFault(null);
    try {
      onBegun(await importVideo({ url: url.trim(), description: "", visibility: "private" }));
      setUrl("");
    } catch (error) {
      setFault(error instanceof Problem ? error.message : "That did not work. The address is still here; try again.");
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="mb-4 flex items-start gap-2" noValidate onSubmit={(event) => void submit(event)}>
      <div className="min-w-0 flex-1">
        <Field
          label="Or from an address"
          name="url"
          type="url"
          inputMode="url"
          autoComplete="off"
          maxLength={2000}
          placeholder="https://films.example/film.mp4"
          value={url}
          onChange={setUrl}
          fault={fault}
        />
      </div>
      <Button type="submit" isPending={busy} className="mt-[25px]">
        Fetch
      </Button>
    </form>
  );
}
