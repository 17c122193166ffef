import { FilmReelIcon } from "@phosphor-icons/react/FilmReel";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { meQuery } from "@/api/accounts";
import { newestQuery } from "@/api/videos";
import { buttonClass } from "@/ui/Button";
import { More } from "@/ui/More";
import { Empty, Fault } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { CardGrid, GhostGrid } from "../CardGrid";

export function HomePage() {
  useTitle("Home");
  const feed = useInfiniteQuery(newestQuery());
  const { data: me } = useQuery(meQuery);
  const videos = unique(feed.data?.pages.flatMap((page) => page.items) ?? []);

  return (
    <>
      <h1 className="mb-4 text-[1.375rem] phone:mb-5">New</h1>
      {feed.isPending ? <GhostGrid lead /> : null}
      {feed.isError && videos.length === 0 ? <Fault error={feed.error} what="The newest films did not come" retry={() => void feed.refetch()} /> : null}
      {feed.isSuccess && videos.length === 0 ? (
        <Empty
          icon={<FilmReelIcon size={64} aria-hidden="true" />}
          action={
            me?.account ? (
              <Link to="/upload" className={buttonClass("primary")}>
                Upload a film
              </Link>
            ) : me && me.signup !== "closed" ? (
              <Link to="/sign-up" className={buttonClass("primary")}>
                Create an account
              </Link>
            ) : null
          }
        >
          Films that people publish here stand on this page, newest first.
        </Empty>
      ) : null}
      {videos.length > 0 ? <CardGrid videos={videos} lead /> : null}
      <More has={feed.hasNextPage} busy={feed.isFetchingNextPage} failed={feed.isFetchNextPageError} load={() => void feed.fetchNextPage()} />
    </>
  );
}

/** A film published while paging would come twice. */
function unique<T extends { id: string }>(items: T[]): T[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
