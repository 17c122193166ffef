/** What the operator sees: the health of the house and its jobs. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, done, take } from "./client";

export type JobState = "waiting" | "running" | "done" | "failed";

export const overviewQuery = queryOptions({
  queryKey: ["admin", "overview"],
  queryFn: () => take(api.GET("/api/v1/admin/overview")),
  refetchInterval: 5000,
});

export const storageQuery = queryOptions({
  queryKey: ["admin", "storage"],
  queryFn: () => take(api.GET("/api/v1/admin/storage")),
  staleTime: 60_000,
});

export const jobsQuery = (state?: JobState) =>
  infiniteQueryOptions({
    queryKey: ["admin", "jobs", state ?? null],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/admin/jobs", {
          params: {
            query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}), ...(state ? { state } : {}) },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
  });

export const encodesQuery = queryOptions({
  queryKey: ["admin", "encodes"],
  queryFn: () => take(api.GET("/api/v1/admin/encodes", { params: { query: {} } })),
});

export const pauseLane = (lane: string) => done(api.POST("/api/v1/admin/lanes/{lane}/pause", { params: { path: { lane } } }));
export const resumeLane = (lane: string) => done(api.POST("/api/v1/admin/lanes/{lane}/resume", { params: { path: { lane } } }));
export const retryJob = (id: number) => done(api.POST("/api/v1/admin/jobs/{job_id}/retry", { params: { path: { job_id: id } } }));
export const cancelJob = (id: number) => done(api.POST("/api/v1/admin/jobs/{job_id}/cancel", { params: { path: { job_id: id } } }));
export const retryStep = (video: string, name: string) =>
  done(api.POST("/api/v1/admin/encodes/{video_id}/steps/{name}/retry", { params: { path: { video_id: video, name } } }));
