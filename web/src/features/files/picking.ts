/** Getting files from a press or a drop, with a handle to the file where the browser gives one. */
import type { Picked } from "./sender";

type Picker = (options: { multiple?: boolean; types?: { description: string; accept: Record<string, string[]> }[] }) => Promise<FileSystemFileHandle[]>;
type Grabbing = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };

export const ACCEPT = "video/*,.mkv,.mov,.mp4,.m4v,.webm,.avi,.mts,.m2ts,.ts,.mxf,.wmv,.flv,.mpg,.mpeg,.3gp,.ogv";

/** The system's picker with handles; null when the browser has none and the plain input must serve. */
export async function pickWithHandles(multiple: boolean): Promise<Picked[] | null> {
  const picker = (window as { showOpenFilePicker?: Picker }).showOpenFilePicker;
  if (!picker || navigator.webdriver) return null;
  try {
    const handles = await picker({ multiple });
    return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError" ? [] : null;
  }
}

export async function fromDrop(transfer: DataTransfer): Promise<Picked[]> {
  // Items die with the event: everything is asked for before the first wait.
  const asked = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item: Grabbing) => ({ file: item.getAsFile(), handle: item.getAsFileSystemHandle?.() ?? Promise.resolve(null) }));
  const picked = await Promise.all(
    asked.map(async ({ file, handle }) => {
      const found = await handle.catch(() => null);
      if (!file || found?.kind === "directory") return null;
      return { file, handle: found as FileSystemFileHandle | null };
    }),
  );
  return picked.filter((one) => one !== null);
}
