/** Sends bytes by tus, or straight to the store where the server says so: two files at once, goes on by itself after a lost network, never twice the same byte. */
import { type DetailedError, Upload } from "tus-js-client";
import { csrf, Problem, toProblem } from "@/api/client";
import { dropDirect, UPLOADS, uploadsQuery, wayQuery } from "@/api/files";
import type { UploadInfo } from "@/api/types";
import { createVideo, videoQuery } from "@/api/videos";
import { client } from "@/app/client";
import { backoff, ready, underWay } from "@/lib/uploadQueue";
import { sendDirect } from "./direct";
import { dropFile, keepFile, keptFile } from "./handles";
import { uploads } from "./store";
import { type Waiting, waitingFor } from "./waiting";

export type Picked = { file: File; handle: FileSystemFileHandle | null };

const CHUNK_BYTES = 32 * 1024 * 1024;
const STEADY = 0.25;

/** `direct` is null until the server has said which way a new file goes. */
type Task = {
  file: File;
  handle: FileSystemFileHandle | null;
  direct: boolean | null;
  upload: { abort: () => unknown } | null;
  timer: ReturnType<typeof setTimeout> | null;
};

const tasks = new Map<string, Task>();

/** "forty_bowls-take 3.mov" → "forty bowls take 3". */
export function titleOf(filename: string): string {
  const bare = filename.replace(/\.[^.]{1,5}$/, "").replace(/[_-]+/g, " ").replace(/\s+/g, " ").trim();
  return (bare || filename).slice(0, 100);
}

/** A file that an unfinished upload waits for goes on with it; every other one is a new film. */
export async function addFiles(picked: Picked[]): Promise<void> {
  const waiting = await unfinished();
  for (const { file, handle } of picked) {
    const here = new Set(uploads.read().items.map((item) => item.uploadId));
    const info = waitingFor(file, waiting.filter((one) => !here.has(one.info.id)));
    if (info && (await stillWaits(info)) && (await goOn(info, { file, handle })) === null) continue;
    const key = crypto.randomUUID();
    tasks.set(key, { file, handle, direct: null, upload: null, timer: null });
    uploads.dispatch({ type: "add", items: [{ key, name: file.name, size: file.size }] });
  }
  pump();
}

async function unfinished(): Promise<Waiting[]> {
  const list = await client.query({ ...uploadsQuery, staleTime: 0 }).catch(() => client.getQueryData(uploadsQuery.queryKey));
  const infos = (list?.items ?? []).filter((info) => info.purpose === "video");
  return Promise.all(infos.map(async (info) => ({ info, modified: (await keptFile(info.id))?.modified ?? null })));
}

/** The bytes of a film just deleted may be listed a little longer than the film. */
async function stillWaits(info: UploadInfo): Promise<boolean> {
  try {
    return (await client.query({ ...videoQuery(info.subject.replace(/^video:/, "")), staleTime: 0 })).state === "uploading";
  } catch {
    return false;
  }
}

/** Goes on with an upload the server already holds a part of. Says why when the file is another one. */
export async function goOn(info: UploadInfo, picked: Picked): Promise<string | null> {
  const { file, handle } = picked;
  const kept = await keptFile(info.id);
  if (file.size !== info.size_bytes || (kept && kept.modified !== file.lastModified))
    return `This is not the file that began. ${info.filename} was chosen before; choose that one to go on.`;
  const key = `upload:${info.id}`;
  tasks.set(key, { file, handle, direct: info.direct, upload: null, timer: null });
  uploads.dispatch({ type: "remove", key });
  uploads.dispatch({
    type: "add",
    items: [{ key, name: info.filename, size: info.size_bytes }],
    videoId: info.subject.replace(/^video:/, ""),
    uploadId: info.id,
    sent: info.offset_bytes,
  });
  pump();
  return null;
}

function pump(): void {
  for (const key of ready(uploads.read())) {
    uploads.dispatch({ type: "start", key });
    void begin(key);
  }
}

const itemOf = (key: string) => uploads.read().items.find((item) => item.key === key);

async function begin(key: string): Promise<void> {
  const task = tasks.get(key);
  const item = itemOf(key);
  if (!task || !item) return;
  try {
    let { videoId } = item;
    if (!videoId) {
      const video = await createVideo({ title: titleOf(item.name), description: "", visibility: "private", filename: item.name, size_bytes: item.size });
      videoId = video.id;
      client.setQueryData(["video", video.id], video);
      uploads.dispatch({ type: "bound", key, videoId });
      void client.invalidateQueries({ queryKey: ["videos", "mine"] });
    }
    const direct = await goesDirect(key, task);
    if (itemOf(key)?.phase === "sending" && tasks.get(key) === task) send(key, task, videoId, direct);
  } catch (error) {
    settle(key, error);
  }
}

/** An upload goes on the way it began, unless that way is closed now: then its film begins anew by the other. */
async function goesDirect(key: string, task: Task): Promise<boolean> {
  const known = itemOf(key)?.uploadId;
  if (known && !task.direct) return false;
  const open = (await client.query(wayQuery)).way === "direct";
  if (known && task.direct && !open) {
    await dropDirect(known).catch(() => undefined);
    void dropFile(known);
    uploads.dispatch({ type: "bound", key, uploadId: null });
  }
  task.direct = open;
  return open;
}

function send(key: string, task: Task, videoId: string, direct: boolean): void {
  const known = itemOf(key)?.uploadId ?? null;
  const hooks = hooksOf(key, task, videoId);
  task.upload?.abort();
  task.upload = direct ? sendDirect(task.file, known, `video:${videoId}`, hooks) : sendTus(task.file, known, videoId, hooks);
}

type Hooks = ReturnType<typeof hooksOf>;

function hooksOf(key: string, task: Task, videoId: string) {
  let lastAt = performance.now();
  let lastSent = -1;
  let rate: number | null = null;
  return {
    onBound: (uploadId: string) => {
      uploads.dispatch({ type: "bound", key, uploadId });
      void keepFile({ uploadId, name: task.file.name, size: task.file.size, modified: task.file.lastModified, handle: task.handle });
    },
    onProgress: (sent: number) => {
      const now = performance.now();
      if (sent >= lastSent && lastSent >= 0 && now - lastAt < 400) return;
      if (lastSent >= 0 && sent > lastSent) {
        const fresh = ((sent - lastSent) / (now - lastAt)) * 1000;
        rate = rate === null ? fresh : rate + (fresh - rate) * STEADY;
      }
      lastAt = now;
      lastSent = sent;
      uploads.dispatch({ type: "progress", key, sent, speed: rate });
    },
    onSuccess: () => {
      const uploadId = itemOf(key)?.uploadId;
      if (uploadId) void dropFile(uploadId);
      tasks.delete(key);
      uploads.dispatch({ type: "sent", key });
      void client.invalidateQueries({ queryKey: ["video", videoId] });
      void client.invalidateQueries({ queryKey: ["uploads"] });
      pump();
    },
    onError: (error: unknown) => settle(key, error),
  };
}

function sendTus(file: File, known: string | null, videoId: string, { onBound, ...hooks }: Hooks): { abort: () => unknown } {
  const upload = new Upload(file, {
    ...hooks,
    endpoint: UPLOADS,
    ...(known ? { uploadUrl: `${UPLOADS}/${known}` } : {}),
    chunkSize: CHUNK_BYTES,
    // The line has its own patience, which shows when it tries again.
    retryDelays: null,
    storeFingerprintForResuming: false,
    metadata: { filename: file.name, filetype: file.type || "application/octet-stream", purpose: "video", subject: `video:${videoId}` },
    onBeforeRequest: (request) => {
      const token = csrf();
      if (token) request.setHeader("X-CSRF-Token", token);
    },
    onUploadUrlAvailable: () => {
      const uploadId = upload.url?.split("/").at(-1);
      if (uploadId) onBound(uploadId);
    },
  });
  upload.start();
  return { abort: () => void upload.abort().catch(() => undefined) };
}

/** A lost network or a busy server is waited for; anything else the server said is final and told in words. */
function settle(key: string, error: unknown): void {
  const problem = error instanceof Problem ? error : fromTus(error);
  const again = problem.status === 0 || problem.status >= 500 || problem.status === 409 || problem.status === 423 || problem.status === 429;
  const item = itemOf(key);
  if (!item || item.phase !== "sending") return;
  if (!again) {
    uploads.dispatch({ type: "refused", key, problem: problem.message });
    pump();
    return;
  }
  const waitMs = backoff(item.failures);
  // The store's own troubles are told: they are none of the network's.
  const told = /^(store|house|files\.store)[._]/.test(problem.code) ? problem.message : null;
  uploads.dispatch({ type: "lost", key, retryAt: Date.now() + waitMs, problem: told });
  const task = tasks.get(key);
  if (task) task.timer = setTimeout(() => tryNow(key), waitMs);
}

function fromTus(error: unknown): Problem {
  const answer = (error as Partial<DetailedError>).originalResponse;
  if (!answer) return new Problem(0, "network.lost", "The connection was lost.");
  try {
    return toProblem(answer.getStatus(), JSON.parse(answer.getBody() || "null"));
  } catch {
    return toProblem(answer.getStatus(), null);
  }
}

function halt(key: string): void {
  const task = tasks.get(key);
  if (!task) return;
  if (task.timer) clearTimeout(task.timer);
  task.timer = null;
  task.upload?.abort();
  task.upload = null;
}

export function tryNow(key: string): void {
  const task = tasks.get(key);
  if (!task || itemOf(key)?.phase !== "offline") return;
  if (task.timer) clearTimeout(task.timer);
  uploads.dispatch({ type: "start", key });
  void begin(key);
}

export function pause(key: string): void {
  halt(key);
  uploads.dispatch({ type: "pause", key });
  pump();
}

export function resume(key: string): void {
  uploads.dispatch({ type: "resume", key });
  pump();
}

export function first(key: string): void {
  uploads.dispatch({ type: "first", key });
  pump();
}

export function remove(key: string): void {
  halt(key);
  tasks.delete(key);
  uploads.dispatch({ type: "remove", key });
  pump();
}

/** A picture of one's own as the still of a video. Resolves when the server has it. */
export function sendPicture(videoId: string, file: File): Promise<void> {
  return new Promise((resolve, reject) => {
    new Upload(file, {
      endpoint: UPLOADS,
      retryDelays: [500, 2000],
      storeFingerprintForResuming: false,
      metadata: { filename: file.name, filetype: file.type, purpose: "poster", subject: `video:${videoId}` },
      onBeforeRequest: (request) => {
        const token = csrf();
        if (token) request.setHeader("X-CSRF-Token", token);
      },
      onSuccess: () => resolve(),
      onError: (error) => reject(fromTus(error)),
    }).start();
  });
}

window.addEventListener("online", () => {
  for (const item of uploads.read().items) if (item.phase === "offline") tryNow(item.key);
});
window.addEventListener("beforeunload", (event) => {
  if (underWay(uploads.read())) event.preventDefault();
});
