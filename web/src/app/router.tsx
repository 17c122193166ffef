import { createRootRoute, createRoute, createRouter, Outlet, redirect } from "@tanstack/react-router";
import { meQuery } from "@/api/accounts";
import type { AccountState, DirectoryFilter } from "@/api/directory";
import { client } from "./client";
import { lazyPage } from "./lazyPage";
import { only } from "./only";
import { NotHere, PageFault } from "./Pages";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotHere, errorComponent: PageFault });
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

async function signedIn({ location }: { location: { href: string } }): Promise<void> {
  const me = await client.query({ ...meQuery, staleTime: "static" });
  if (!me.account) throw redirect({ to: "/sign-in", search: { next: location.href } });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyPage(() => import("@/features/videos/home/HomePage"), "HomePage"),
});
const watch = createRoute({
  getParentRoute: () => shell,
  path: "/watch/$id",
  validateSearch: only((search): { t?: number } => {
    const t = Number(search["t"]);
    return Number.isFinite(t) && t > 0 ? { t } : {};
  }),
  component: lazyPage(() => import("@/features/videos/watch/WatchPage"), "WatchPage"),
});
const upload = createRoute({
  getParentRoute: () => shell,
  path: "/upload",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/files/UploadPage"), "UploadPage"),
});
const videos = createRoute({
  getParentRoute: () => shell,
  path: "/videos",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/videos/mine/MyVideosPage"), "MyVideosPage"),
});
const video = createRoute({
  getParentRoute: () => shell,
  path: "/videos/$id",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/videos/mine/EditPage"), "EditPage"),
});
const profile = createRoute({
  getParentRoute: () => shell,
  path: "/@{$handle}",
  component: lazyPage(() => import("@/features/people/ProfilePage"), "ProfilePage"),
});
const signIn = createRoute({
  getParentRoute: () => shell,
  path: "/sign-in",
  validateSearch: only((search): { next?: string } => {
    const next = text(search["next"]);
    return next ? { next } : {};
  }),
  component: lazyPage(() => import("@/features/accounts/SignInPage"), "SignInPage"),
});
const signUp = createRoute({
  getParentRoute: () => shell,
  path: "/sign-up",
  validateSearch: signIn.options.validateSearch,
  component: lazyPage(() => import("@/features/accounts/SignUpPage"), "SignUpPage"),
});
const forgotPassword = createRoute({
  getParentRoute: () => shell,
  path: "/forgot-password",
  component: lazyPage(() => import("@/features/accounts/ForgotPasswordPage"), "ForgotPasswordPage"),
});
const resetPassword = createRoute({
  getParentRoute: () => shell,
  path: "/reset-password",
  component: lazyPage(() => import("@/features/accounts/ResetPasswordPage"), "ResetPasswordPage"),
});
const confirmAddress = createRoute({
  getParentRoute: () => shell,
  path: "/confirm-address",
  component: lazyPage(() => import("@/features/accounts/ConfirmAddressPage"), "ConfirmAddressPage"),
});
const join = createRoute({
  getParentRoute: () => shell,
  path: "/join",
  component: lazyPage(() => import("@/features/accounts/JoinPage"), "JoinPage"),
});
const device = createRoute({
  getParentRoute: () => shell,
  path: "/device",
  validateSearch: only((search): { code?: string } => {
    const code = text(search["code"]);
    return code ? { code } : {};
  }),
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/accounts/DevicePage"), "DevicePage"),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/accounts/SettingsPage"), "SettingsPage"),
});
const permissions = createRoute({
  getParentRoute: () => shell,
  path: "/settings/permissions",
  validateSearch: only((search): { why?: string } => {
    const why = text(search["why"]);
    return why && /^[a-z]{2,20}\.[a-z_]{1,39}$/.test(why) ? { why } : {};
  }),
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/roles/PermissionsPage"), "PermissionsPage"),
});
const roles = createRoute({
  getParentRoute: () => shell,
  path: "/run/roles",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/roles/RolesPage"), "RolesPage"),
});
const run = createRoute({
  getParentRoute: () => shell,
  path: "/run",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/admin/HealthPage"), "HealthPage"),
});
const jobs = createRoute({
  getParentRoute: () => shell,
  path: "/run/jobs",
  beforeLoad: signedIn,
  validateSearch: only((search): { state?: "waiting" | "running" | "done" | "failed" } => {
    const state = search["state"];
    return state === "waiting" || state === "running" || state === "done" || state === "failed" ? { state } : {};
  }),
  component: lazyPage(() => import("@/features/admin/JobsPage"), "JobsPage"),
});
const STATES: AccountState[] = ["open", "waiting", "limited", "suspended", "leaving"];
const people = createRoute({
  getParentRoute: () => shell,
  path: "/run/people",
  beforeLoad: signedIn,
  validateSearch: only((search): DirectoryFilter => {
    const { query, role, factor, kind, order } = search;
    const state = STATES.find((one) => one === search["state"]);
    return {
      ...(typeof query === "string" && query && query.length <= 254 ? { query } : {}),
      ...(typeof role === "string" && /^[a-z][a-z0-9_]{1,19}$/.test(role) ? { role } : {}),
      ...(state ? { state } : {}),
      ...(typeof factor === "boolean" ? { factor } : {}),
      ...(kind === "service" ? { kind } : {}),
      ...(order === "seen" ? { order } : {}),
    };
  }),
  component: lazyPage(() => import("@/features/people/run/PeoplePage"), "PeoplePage"),
});
const person = createRoute({
  getParentRoute: () => shell,
  path: "/run/people/$id",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/people/run/PersonPage"), "PersonPage"),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: "/run/audit",
  beforeLoad: signedIn,
  validateSearch: only((search): { act?: string; person?: string; day?: string } => {
    const [act, person, day] = [text(search["act"]), text(search["person"]), text(search["day"])];
    return {
      ...(act && /^[a-z]{2,20}\.[a-z_]{0,19}$/.test(act) ? { act } : {}),
      ...(person && person.length <= 254 ? { person } : {}),
      ...(day && /^\d{4}-\d{2}-\d{2}$/.test(day) ? { day } : {}),
    };
  }),
  component: lazyPage(() => import("@/features/admin/AuditPage"), "AuditPage"),
});
const signUps = createRoute({
  getParentRoute: () => shell,
  path: "/run/sign-ups",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/admission/SignUpsPage"), "SignUpsPage"),
});
const welcome = createRoute({
  getParentRoute: () => shell,
  path: "/run/welcome",
  beforeLoad: signedIn,
  component: lazyPage(() => import("@/features/admin/WelcomePage"), "WelcomePage"),
});
const privacy = createRoute({
  getParentRoute: () => shell,
  path: "/privacy",
  component: lazyPage(() => import("@/features/privacy/PrivacyPage"), "PrivacyPage"),
});
const nowhere = createRoute({ getParentRoute: () => shell, path: "$", component: NotHere });
const embed = createRoute({
  getParentRoute: () => root,
  path: "/embed/$id",
  validateSearch: watch.options.validateSearch,
  component: lazyPage(() => import("@/features/videos/watch/EmbedPage"), "EmbedPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    shell.addChildren([home, watch, upload, videos, video, profile, signIn, signUp, forgotPassword, resetPassword, confirmAddress, join, device, settings, permissions, run, jobs, people, person, roles, audit, signUps, welcome, privacy, nowhere]),
    embed,
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: PageFault,
  defaultNotFoundComponent: NotHere,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
