/** Bytes: unfinished uploads and the space they and everything else take. */
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "./client";

export const UPLOADS = "/api/v1/uploads";

export const uploadsQuery = queryOptions({
  queryKey: ["uploads"],
  queryFn: () => take(api.GET("/api/v1/uploads")),
});

export const storageQuery = queryOptions({
  queryKey: ["storage"],
  queryFn: () => take(api.GET("/api/v1/me/storage")),
});

