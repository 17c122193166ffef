import { UploadSimpleIcon } from "@phosphor-icons/react/UploadSimple";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { meQuery } from "@/api/accounts";
import { uploadsQuery } from "@/api/files";
import { useSignal } from "@/api/signals";
import type { UploadInfo } from "@/api/types";
import { cancelVideo, deleteVideo, myVideosQuery, retryVideo, videoQuery } from "@/api/videos";
import { part, plural, size } from "@/lib/amount";
import { took } from "@/lib/time";
import { totals } from "@/lib/uploadQueue";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { useTitle } from "@/ui/useTitle";
import { AddressField } from "./AddressField";
import { assemble, detailed, type Row } from "./assemble";
import { DetailsPanel } from "./DetailsPanel";
import { keptFile, reopen } from "./handles";
import { ACCEPT, fromDrop, pickWithHandles } from "./picking";
import type { Act } from "./rows";
import type { Picked } from "./sender";
import { uploads } from "./store";
import { UploadRow } from "./UploadRow";

const sender = () => import("./sender");

export function UploadPage() {
  useTitle("Upload");
  const cache = useQueryClient();
  const navigate = useNavigate();
  const queue = useSyncExternalStore(uploads.subscribe, uploads.read);
  const unfinished = useQuery(uploadsQuery);
  const mine = useInfiniteQuery(myVideosQuery());
  const { data: me } = useQuery(meQuery);
  const [selected, setSelected] = useState<string | null>(null);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const wanted = useRef<((picked: Picked[]) => void) | null>(null);
  const refresh = () => {
    void mine.refetch();
    void unfinished.refetch();
  };
  useSignal(me?.account ? "my-videos" : null, refresh);

  const rows = assemble(queue.items, unfinished.data?.items ?? [], mine.data?.pages[0]?.items ?? [], mine.hasNextPage);
  const shownId = detailed(rows, selected);
  const sum = totals(queue);
  const stopped = rows.filter((row) => row.stopped).length;

  async function choose(multiple: boolean, then: (picked: Picked[]) => void) {
    const picked = await pickWithHandles(multiple);
    if (picked) {
      if (picked.length) then(picked);
      return;
    }
    wanted.current = then;
    if (input.current) {
      input.current.multiple = multiple;
      input.current.click();
    }
  }
  async function add(picked: Picked[]) {
    if (picked.length === 0) return;
    await (await sender()).addFiles(picked);
  }
  async function again(info: UploadInfo) {
    const go = async (picked: Picked | undefined) => {
      if (!picked) return;
      const fault = await (await sender()).goOn(info, picked);
      if (fault) toast(fault);
    };
    const kept = await keptFile(info.id);
    const file = kept ? await reopen(kept, true) : null;
    if (file && kept) await go({ file, handle: kept.handle });
    else await choose(false, ([picked]) => void go(picked));
  }
  async function drop(row: Row) {
    if (row.item) (await sender()).remove(row.item.key);
    if (row.videoId) {
      await deleteVideo(row.videoId);
      cache.removeQueries({ queryKey: videoQuery(row.videoId).queryKey });
      refresh();
    }
  }
  async function act(row: Row, what: Act) {
    try {
      const key = row.item?.key;
      switch (what) {
        case "pause":
          if (key) (await sender()).pause(key);
          return;
        case "resume":
          if (key) (await sender()).resume(key);
          return;
        case "tryNow":
          if (key) (await sender()).tryNow(key);
          return;
        case "first":
          if (key) (await sender()).first(key);
          return;
        case "remove":
          await drop(row);
          toast(`${row.name} is removed.`);
          return;
        case "again":
          if (row.info) await again(row.info);
          return;
        case "replace":
          await choose(false, (picked) => void drop(row).then(() => add(picked)));
          return;
        case "retry":
          if (row.videoId) cache.setQueryData(videoQuery(row.videoId).queryKey, await retryVideo(row.videoId));
          return;
        case "copy":
          await navigator.clipboard.writeText(`${location.origin}/watch/${row.videoId ?? ""}`);
          toast("The link is copied.");
          return;
        case "edit":
          if (row.videoId) await navigate({ to: "/videos/$id", params: { id: row.videoId } });
          return;
        case "cancel":
          if (row.videoId) await cancelVideo(row.videoId);
          refresh();
          toast(`${row.name} is not fetched any more. It stands under your videos, and can be tried again there.`);
          return;
        case "open":
          return;
      }
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work. Nothing was lost.");
    }
  }

  // Files dropped beside the field count too; the browser would leave the page otherwise.
  useEffect(() => {
    const stop = (event: DragEvent) => event.preventDefault();
    window.addEventListener("dragover", stop);
    window.addEventListener("drop", stop);
    return () => {
      window.removeEventListener("dragover", stop);
      window.removeEventListener("drop", stop);
    };
  }, []);

  const free = me?.quota ? me.quota.limit_bytes - me.quota.used_bytes : null;
  return (
    // The drop field is the whole page; the button "choose files" is its twin for keyboards.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      onDragOver={() => setOver(true)}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        void fromDrop(event.dataTransfer).then(add);
      }}
    >
      <div className="mb-[18px]">
        <h1>Upload</h1>
        <p className="meta num mt-1">
          {sum.files ? `${plural(sum.files, "file")} · ${part(sum.sent, sum.size)} sent` : "Films go on from the last byte, whatever happens in between"}
          {stopped ? ` · ${stopped} ${stopped === 1 ? "needs" : "need"} you` : ""}
        </p>
      </div>
      <div className={`grid items-start gap-6 ${shownId ? "wide:grid-cols-[minmax(0,1fr)_404px]" : ""}`}>
        <section aria-label="Uploads" className="min-w-0">
          <div className="drop mb-4" data-over={over}>
            <span className="grid size-11 flex-none place-items-center rounded-full bg-wash text-lamp-text">
              <UploadSimpleIcon size={24} aria-hidden="true" />
            </span>
            <div className="min-w-0 flex-1">
              <p className="font-semibold">
                Drop films here, or{" "}
                <button type="button" className="link" onClick={() => void choose(true, (picked) => void add(picked))}>
                  choose files
                </button>
              </p>
              <p className="meta num mt-0.5">
                {me ? `Up to ${size(me.limits.max_upload_bytes)} and ${took(me.limits.max_duration_s)} each. ` : ""}You may close this page: choose the file again when you are back, and it goes on from the last byte.
              </p>
            </div>
            {free !== null && me?.quota ? (
              <span className="meta num hide-phone text-right">
                {size(free)} free
                <br />
                of {size(me.quota.limit_bytes)}
              </span>
            ) : null}
            <input
              ref={input}
              type="file"
              multiple
              accept={ACCEPT}
              className="hidden"
              aria-label="Choose films"
              data-testid="file-input"
              onChange={(event) => {
                const picked = [...(event.target.files ?? [])].map((file) => ({ file, handle: null }));
                event.target.value = "";
                const then = wanted.current ?? ((files: Picked[]) => void add(files));
                wanted.current = null;
                then(picked);
              }}
            />
          </div>
          <AddressField
            onBegun={(video) => {
              cache.setQueryData(videoQuery(video.id).queryKey, video);
              setSelected(video.id);
              refresh();
            }}
          />
          {unfinished.isError && mine.isError && rows.length === 0 ? (
            <Fault error={unfinished.error} what="Your unfinished uploads did not come" retry={refresh} />
          ) : null}
          {rows.length ? (
            <ul className="panel overflow-clip">
              {rows.map((row) => (
                <UploadRow
                  key={row.key}
                  name={row.name}
                  item={row.item}
                  videoId={row.videoId}
                  info={row.info}
                  selected={row.videoId !== null && row.videoId === shownId}
                  onSelect={() => setSelected(row.videoId)}
                  onAct={(what) => void act(row, what)}
                />
              ))}
            </ul>
          ) : mine.isPending ? (
            <Ghost className="h-24" />
          ) : (
            <p className="py-10 text-center text-ink-2">What you upload stands here with its progress until it is ready.</p>
          )}
        </section>
        {shownId ? <DetailsPanel id={shownId} /> : null}
      </div>
    </div>
  );
}
