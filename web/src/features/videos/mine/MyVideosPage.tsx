import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useSignal } from "@/api/signals";
import type { Video, VideoState } from "@/api/types";
import { myVideosQuery } from "@/api/videos";
import { count, size } from "@/lib/amount";
import { clock } from "@/lib/time";
import { buttonClass } from "@/ui/Button";
import { More } from "@/ui/More";
import { Empty, Fault, Ghost, Loading } from "@/ui/States";
import { Still } from "@/ui/Still";
import { useTitle } from "@/ui/useTitle";
import { When } from "@/ui/When";
import { StateMark } from "./StateMark";
import { StorageBar } from "./StorageBar";
import { STATE_WORDS, WHO_WORDS } from "./words";

const FILTERS: (VideoState | null)[] = [null, "ready", "playable", "encoding", "uploading", "rejected", "failed", "cancelled"];

export function MyVideosPage() {
  useTitle("Videos");
  const [state, setState] = useState<VideoState | null>(null);
  const list = useInfiniteQuery(myVideosQuery(state ?? undefined));
  useSignal("my-videos", () => void list.refetch());
  const videos = list.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <>
      <div className="mb-[18px] flex flex-wrap items-center justify-between gap-3">
        <h1>Videos</h1>
        <Link to="/upload" className={buttonClass("primary")}>
          Upload
        </Link>
      </div>
      <StorageBar />
      <div role="group" aria-label="Show" className="mb-4 flex flex-wrap gap-2">
        {FILTERS.map((one) => (
          <button key={one ?? "all"} type="button" className="chip" aria-pressed={state === one} data-selected={state === one ? "" : undefined} onClick={() => setState(one)}>
            {one ? STATE_WORDS[one] : "All"}
          </button>
        ))}
      </div>
      {list.isPending ? (
        <Loading what="Loading your videos">
          <div className="panel grid gap-4 p-4">
            {Array.from({ length: 5 }, (_, index) => (
              <Ghost key={index} className="h-14" />
            ))}
          </div>
        </Loading>
      ) : null}
      {list.isError && videos.length === 0 ? <Fault error={list.error} what="Your videos did not come" retry={() => void list.refetch()} /> : null}
      {list.isSuccess && videos.length === 0 ? (
        <Empty
          action={
            state ? null : (
              <Link to="/upload" className={buttonClass("primary")}>
                Upload a film
              </Link>
            )
          }
        >
          {state ? `None of your films is in the state “${STATE_WORDS[state]}”.` : "Films you upload stand here, with who can watch them and the space they take."}
        </Empty>
      ) : null}
      {videos.length ? (
        <div className="panel overflow-clip">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Film</th>
                <th scope="col">State</th>
                <th scope="col">Who can watch</th>
                <th scope="col" className="n">
                  Views
                </th>
                <th scope="col" className="n">
                  Size
                </th>
                <th scope="col" className="n">
                  Added
                </th>
              </tr>
            </thead>
            <tbody>
              {videos.map((video) => (
                <Line key={video.id} video={video} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <More has={list.hasNextPage} busy={list.isFetchingNextPage} failed={list.isFetchNextPageError} load={() => void list.fetchNextPage()} />
    </>
  );
}

function Line({ video }: { video: Video }) {
  return (
    <tr data-video={video.id} className="hover:bg-hover">
      <td className="w-full max-w-0 max-phone:max-w-none">
        <Link to="/videos/$id" params={{ id: video.id }} className="flex min-w-0 items-center gap-3 rounded-control text-left">
          <Still poster={video.poster} sizes="96px" className="tiny w-24 flex-none">
            {video.duration_s ? (
              <span className="br">
                <span className="badge dark num">{clock(video.duration_s)}</span>
              </span>
            ) : null}
          </Still>
          <span className="min-w-0">
            <span className="two font-semibold">{video.title}</span>
            {video.reason ? <span className="meta two mt-0.5 block">{video.reason}</span> : null}
          </span>
        </Link>
      </td>
      <td data-label="State">
        <StateMark video={video} />
      </td>
      <td data-label="Who can watch" className="whitespace-nowrap text-ink-2">
        {WHO_WORDS[video.visibility]}
      </td>
      <td data-label="Views" className="n">
        {count(video.view_count)}
      </td>
      <td data-label="Size" className="n">
        {video.size_bytes === null ? "" : size(video.size_bytes)}
      </td>
      <td data-label="Added" className="n text-ink-2">
        <When moment={video.created_at} />
      </td>
    </tr>
  );
}
