/** The lines of the upload page, put together from what this browser sends and what the server knows. */
import type { UploadInfo, Video } from "@/api/types";
import type { Item } from "@/lib/uploadQueue";

const FRESH_MS = 60 * 60 * 1000;

export type Row = { key: string; name: string; item: Item | null; videoId: string | null; info: UploadInfo | null; stopped: boolean };

/** This browser's line first, then films still on their way, then what the server holds of older ones: `videos` are the newest, and
 * `more` says that there are others. */
export function assemble(items: Item[], infos: UploadInfo[], videos: Video[], more: boolean): Row[] {
  const rows: Row[] = items.map((item) => ({
    key: item.key,
    name: item.name,
    item,
    videoId: item.videoId,
    info: null,
    stopped: item.phase === "refused",
  }));
  const seen = new Set(rows.map((row) => row.videoId).filter(Boolean));
  const ofVideo = new Map(infos.filter((info) => info.purpose === "video").map((info) => [info.subject.replace(/^video:/, ""), info]));
  for (const video of videos) {
    if (seen.has(video.id)) continue;
    seen.add(video.id);
    const recent = video.ready_at !== null && Date.now() - Date.parse(video.ready_at) < FRESH_MS;
    if (video.state === "ready" && !recent) continue;
    if (video.state === "cancelled") continue;
    rows.push({
      key: video.id,
      name: video.filename ?? video.title,
      item: null,
      videoId: video.id,
      info: ofVideo.get(video.id) ?? video.upload,
      stopped: video.state === "rejected" || video.state === "failed" || (video.state === "uploading" && !video.upload?.fetch),
    });
  }
  // Where all films are listed, bytes without one are those of a film that is just deleted.
  for (const [id, info] of more ? ofVideo : []) {
    if (seen.has(id)) continue;
    rows.push({ key: id, name: info.filename, item: null, videoId: id, info, stopped: !info.fetch });
  }
  return rows;
}

/** The film whose details stand beside: the one that was chosen, else the first that needs nobody. A file in line is no film yet. */
export function detailed(rows: Row[], chosen: string | null): string | null {
  if (chosen !== null && rows.some((row) => row.videoId === chosen)) return chosen;
  return rows.find((row) => row.videoId !== null && !row.stopped)?.videoId ?? null;
}
