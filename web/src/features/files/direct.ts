/** One file straight to the store: what is missing goes there in parts, and the server makes the film of them. */
import { Problem } from "@/api/client";
import { beginDirect, completeDirect, directState, partAddresses } from "@/api/files";
import type { DirectUpload } from "@/api/types";
import { pause, putPart, sendParts } from "./parts";

type Hooks = { onBound: (uploadId: string) => void; onProgress: (sent: number) => void; onSuccess: () => void; onError: (error: unknown) => void };

/** `known`: the upload to go on with. */
export function sendDirect(file: File, known: string | null, subject: string, hooks: Hooks): { abort: () => void } {
  const stop = new AbortController();
  run(file, known, subject, hooks, stop.signal).then(
    () => {
      if (!stop.signal.aborted) hooks.onSuccess();
    },
    (error: unknown) => {
      if (!stop.signal.aborted) hooks.onError(error);
    },
  );
  return { abort: () => stop.abort() };
}

async function run(file: File, known: string | null, subject: string, hooks: Hooks, signal: AbortSignal): Promise<void> {
  const upload = (known && (await found(known))) || (await begun(file, subject));
  signal.throwIfAborted();
  hooks.onBound(upload.id);
  if (upload.complete) return;
  const line = { addresses: (numbers: number[]) => partAddresses(upload.id, numbers), put: putPart, wait: pause };
  await sendParts(file, upload, line, signal, hooks.onProgress);
  await completeDirect(upload.id);
}

/** Null for one that has ended: another begins in its place. */
async function found(uploadId: string): Promise<DirectUpload | null> {
  try {
    return await directState(uploadId);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

const begun = (file: File, subject: string) =>
  beginDirect({ purpose: "video", subject, filename: file.name, filetype: file.type || "application/octet-stream", size_bytes: file.size });
