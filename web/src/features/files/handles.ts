/** Remembers which file on this device an upload came from, so that one press goes on after a reload. */
export type Kept = { uploadId: string; name: string; size: number; modified: number; handle: FileSystemFileHandle | null };

const STORE = "files";

function openDb(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("matinee", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "uploadId" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no database in this browser"));
  });
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  try {
    const db = await openDb();
    return await new Promise<T>((resolve, reject) => {
      const request = act(db.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("the browser's database refused"));
    });
  } catch {
    // A browser that keeps nothing asks for the file again; uploads still go on.
    return null;
  }
}

export const keepFile = (kept: Kept) => run("readwrite", (store) => store.put(kept));
export const dropFile = (uploadId: string) => run("readwrite", (store) => store.delete(uploadId));
export const dropFiles = () => run("readwrite", (store) => store.clear());
export const keptFile = (uploadId: string) => run<Kept | undefined>("readonly", (store) => store.get(uploadId) as IDBRequest<Kept | undefined>);

type Askable = FileSystemFileHandle & {
  queryPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
  requestPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
};

/** The file behind a remembered handle, asking for permission when `mayAsk` (after a press). */
export async function reopen(kept: Kept, mayAsk: boolean): Promise<File | null> {
  const handle: Askable | null = kept.handle;
  if (!handle) return null;
  try {
    let right = (await handle.queryPermission?.({ mode: "read" })) ?? "granted";
    if (right === "prompt" && mayAsk) right = (await handle.requestPermission?.({ mode: "read" })) ?? "denied";
    return right === "granted" ? await handle.getFile() : null;
  } catch {
    return null;
  }
}
