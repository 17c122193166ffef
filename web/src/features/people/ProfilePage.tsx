import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import { meQuery } from "@/api/accounts";
import { Problem } from "@/api/client";
import { profileQuery } from "@/api/people";
import { newestQuery } from "@/api/videos";
import { NotHere } from "@/app/Pages";
import { CardGrid, GhostGrid } from "@/features/videos/CardGrid";
import { day } from "@/lib/time";
import { buttonClass } from "@/ui/Button";
import { Face } from "@/ui/Face";
import { More } from "@/ui/More";
import { Empty, Fault, Ghost } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

const route = getRouteApi("/shell/@{$handle}");

export function ProfilePage() {
  const { handle } = route.useParams();
  const profile = useQuery(profileQuery(handle));
  const films = useInfiniteQuery(newestQuery(handle));
  const { data: me } = useQuery(meQuery);
  useTitle(profile.data?.display_name);
  const videos = films.data?.pages.flatMap((page) => page.items) ?? [];
  const mine = me?.profile?.handle === handle;
  const moved = profile.data && profile.data.handle !== handle.toLowerCase() ? profile.data.handle : null;

  if (moved) return <Navigate to="/@{$handle}" params={{ handle: moved }} replace />;

  if (profile.error instanceof Problem && profile.error.status === 404) return <NotHere />;
  if (profile.error && !profile.data) return <Fault error={profile.error} what="This page did not come" level={1} retry={() => void profile.refetch()} />;
  return (
    <>
      {profile.data ? (
        <header className="mb-8 flex flex-wrap items-start gap-x-5 gap-y-4">
          <Face name={profile.data.display_name} handle={profile.data.handle} size={88} />
          <div className="min-w-0 flex-1 basis-60">
            <h1 className="[font-stretch:112%]">{profile.data.display_name}</h1>
            <p className="meta mt-1">
              @{profile.data.handle} · here since {day(profile.data.created_at)}
            </p>
            {profile.data.bio ? <p className="mt-3 max-w-[62ch] whitespace-pre-line text-ink-2">{profile.data.bio}</p> : null}
          </div>
          {mine ? (
            <Link to="/settings" className={buttonClass("secondary")}>
              Edit profile
            </Link>
          ) : null}
        </header>
      ) : (
        <Ghost className="mb-8 h-[88px] max-w-96" />
      )}
      <h2 className="sr-only">Films</h2>
      {films.isPending ? <GhostGrid count={4} /> : null}
      {films.isError && videos.length === 0 ? <Fault error={films.error} what="The films did not come" retry={() => void films.refetch()} /> : null}
      {films.isSuccess && videos.length === 0 ? (
        <Empty
          action={
            mine ? (
              <Link to="/upload" className={buttonClass("primary")}>
                Upload a film
              </Link>
            ) : null
          }
        >
          {mine ? "Films you publish stand here for everyone." : "Nothing published yet."}
        </Empty>
      ) : null}
      {videos.length ? <CardGrid videos={videos} /> : null}
      <More has={films.hasNextPage} busy={films.isFetchingNextPage} failed={films.isFetchNextPageError} load={() => void films.fetchNextPage()} />
    </>
  );
}
