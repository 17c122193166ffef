/** Videos: lists, one video, what its owner may do with it, and what watching reports. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, done, Problem, take } from "./client";
import type { NewImport, NewVideo, VideoPatch, VideoState } from "./types";

const PAGE = 24;

export const newestQuery = (handle?: string) =>
  infiniteQueryOptions({
    queryKey: ["videos", "newest", handle ?? null],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/videos", {
          params: {
            query: {
              limit: PAGE,
              ...(pageParam ? { cursor: pageParam } : {}),
              ...(handle ? { handle } : {}),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
  });

export const myVideosQuery = (state?: VideoState) =>
  infiniteQueryOptions({
    queryKey: ["videos", "mine", state ?? null],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/me/videos", {
          params: {
            query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}), ...(state ? { state } : {}) },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
  });

export const videoQuery = (id: string) =>
  queryOptions({
    queryKey: ["video", id],
    queryFn: () => take(api.GET("/api/v1/videos/{video_id}", { params: { path: { video_id: id } } })),
  });

/** Nobody finds this film: it is not there, or its address is none (422). */
export const isNowhere = (error: unknown) => error instanceof Problem && (error.status === 404 || error.status === 422);

const at = (id: string) => ({ params: { path: { video_id: id } } });

export const createVideo = (body: NewVideo) => take(api.POST("/api/v1/videos", { body }));
export const importVideo = (body: NewImport) => take(api.POST("/api/v1/imports", { body }));
export const editVideo = (id: string, body: VideoPatch) => take(api.PATCH("/api/v1/videos/{video_id}", { ...at(id), body }));
export const deleteVideo = (id: string) => done(api.DELETE("/api/v1/videos/{video_id}", at(id)));
export const retryVideo = (id: string) => take(api.POST("/api/v1/videos/{video_id}/retry", at(id)));
export const cancelVideo = (id: string) => take(api.POST("/api/v1/videos/{video_id}/cancel", at(id)));
export const pickPoster = (id: string, candidate: number) =>
  take(api.PUT("/api/v1/videos/{video_id}/poster", { ...at(id), body: { candidate } }));
export const reportWatch = (id: string, body: { position_s: number; watched_s: number; visit: string }) =>
  done(api.POST("/api/v1/videos/{video_id}/watch", { ...at(id), body, keepalive: true }));
export const fetchResume = (id: string) => take(api.GET("/api/v1/videos/{video_id}/resume", at(id)));
