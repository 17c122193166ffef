/** What who runs a new house does first. */
import { queryOptions } from "@tanstack/react-query";
import { api, done, take } from "./client";
import type { FirstStep } from "./types";

export const firstStepsQuery = queryOptions({
  queryKey: ["admin", "first-steps"],
  queryFn: () => take(api.GET("/api/v1/admin/first-steps")),
});
export const skipStep = (step: FirstStep["name"], skipped: boolean) =>
  take(api.PUT("/api/v1/admin/first-steps/{step}", { params: { path: { step } }, body: { skipped } }));
export const putStepsAway = () => done(api.DELETE("/api/v1/admin/first-steps"));
export const tryMail = () => take(api.POST("/api/v1/admin/mail/trial"));
