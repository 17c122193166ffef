/** Bytes: unfinished uploads and the space they and everything else take. */
import { queryOptions } from "@tanstack/react-query";
import { api, done, take } from "./client";
import type { DirectStart } from "./types";

export const UPLOADS = "/api/v1/uploads";

export const uploadsQuery = queryOptions({
  queryKey: ["uploads"],
  queryFn: () => take(api.GET("/api/v1/uploads")),
});

export const storageQuery = queryOptions({
  queryKey: ["storage"],
  queryFn: () => take(api.GET("/api/v1/me/storage")),
});

/** Which way this server takes files. Asked again after a while: its operator may change it. */
export const wayQuery = queryOptions({
  queryKey: ["uploads", "way"],
  queryFn: () => take(api.GET("/api/v1/direct-uploads")),
  staleTime: 60_000,
});

const of = (upload_id: string) => ({ params: { path: { upload_id } } });

export const beginDirect = (body: DirectStart) => take(api.POST("/api/v1/direct-uploads", { body }));
export const directState = (id: string) => take(api.GET("/api/v1/direct-uploads/{upload_id}", of(id)));
export const partAddresses = (id: string, parts: number[]) =>
  take(api.POST("/api/v1/direct-uploads/{upload_id}/addresses", { ...of(id), body: { parts } }));
export const completeDirect = (id: string) => take(api.POST("/api/v1/direct-uploads/{upload_id}/complete", of(id)));
export const dropDirect = (id: string) => done(api.DELETE("/api/v1/direct-uploads/{upload_id}", of(id)));
