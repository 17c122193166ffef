/** Profiles: the public face of an account. */
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "./client";

export const profileQuery = (handle: string) =>
  queryOptions({
    queryKey: ["profile", handle],
    queryFn: () => take(api.GET("/api/v1/profiles/{handle}", { params: { path: { handle } } })),
  });

export const editProfile = (body: { handle?: string; display_name?: string; bio?: string }) =>
  take(api.PATCH("/api/v1/me/profile", { body }));
