import type { Card } from "@/api/types";
import { Ghost, Loading } from "@/ui/States";
import { VideoCard } from "./VideoCard";

export function CardGrid({ videos, lead = false }: { videos: Card[]; lead?: boolean }) {
  return (
    <div className="grid-cards" data-testid="cards">
      {videos.map((video, index) => (
        <VideoCard key={video.id} video={video} lead={lead && index === 0} eager={index < 3} />
      ))}
    </div>
  );
}

export function GhostGrid({ lead = false, count = 9 }: { lead?: boolean; count?: number }) {
  return (
    <Loading what="Loading films">
      <div className="grid-cards">
        {Array.from({ length: count }, (_, index) => (
          <div key={index} className={lead && index === 0 ? "card lead" : "card"}>
            <Ghost className="aspect-video" />
            <Ghost className={lead && index === 0 ? "h-8 w-3/4" : "h-5 w-4/5"} />
            <Ghost className="h-4 w-1/2" />
          </div>
        ))}
      </div>
    </Loading>
  );
}
