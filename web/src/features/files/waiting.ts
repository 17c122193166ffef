/** Which unfinished upload a chosen file belongs to. */
import type { UploadInfo } from "@/api/types";

/** `modified`: when the file that began had last changed, where this browser kept it. */
export type Waiting = { info: UploadInfo; modified: number | null };

type Chosen = Pick<File, "name" | "size" | "lastModified">;

/** The upload that waits for this very file: same name, same size, same last change where that is known. */
export function waitingFor(file: Chosen, waiting: Waiting[]): UploadInfo | null {
  const fits = waiting.filter(({ info, modified }) => info.filename === file.name && info.size_bytes === file.size && (modified === null || modified === file.lastModified));
  return (fits.find(({ modified }) => modified !== null) ?? fits[0])?.info ?? null;
}
