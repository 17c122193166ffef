import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { meQuery } from "@/api/accounts";
import { proof } from "@/api/proof";
import { useSignal } from "@/api/signals";
import { loadTheRest } from "@/app/lazyPage";
import { chooseTheme } from "@/app/theme";
import { stage } from "@/features/videos/player/stage";
import { Toaster } from "@/ui/Toaster";
import { BottomBar, PhoneTop, RunRooms } from "./PhoneBars";
import { placeOf } from "./rooms";
import { SideBar } from "./SideBar";
import { useShortcuts } from "./useShortcuts";

const unprovenAddress = () => import("@/features/accounts/UnprovenAddress");
const miniPlayer = () => import("@/features/videos/player/MiniPlayer");
const proveAgain = () => import("@/features/accounts/ProveAgain");
const factorDue = () => import("@/features/accounts/FactorDue");
const waiting = () => import("@/features/admission/Waiting");
const limitedBar = () => import("@/features/accounts/LimitedBar");
const lookBar = () => import("@/features/accounts/LookBar");
const shutWhileLooking = () => import("@/features/accounts/ShutWhileLooking");
const shortcutList = () => import("./ShortcutList");
const UnprovenAddress = lazy(unprovenAddress);
const ProveAgain = lazy(proveAgain);
const FactorDue = lazy(factorDue);
const Waiting = lazy(waiting);
const LimitedBar = lazy(limitedBar);
const LookBar = lazy(lookBar);
const ShutWhileLooking = lazy(shutWhileLooking);
const MiniPlayer = lazy(miniPlayer);
const ShortcutList = lazy(shortcutList);

export function Shell() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { data: me, refetch } = useQuery(meQuery);
  const session = useSyncExternalStore(stage.subscribe, stage.read);
  const asked = useSyncExternalStore(proof.subscribe, proof.read);
  const [listOpen, setListOpen] = useState(false);
  const onWatch = path.startsWith("/watch/");
  const main = useRef<HTMLElement>(null);
  const lastPath = useRef(path);

  useSignal(me?.account ? "me" : null, () => void refetch());
  useShortcuts(() => setListOpen(true));
  useEffect(() => {
    if (me?.account) chooseTheme(me.theme);
  }, [me?.account, me?.theme]);
  // The first page is up when the shell is: what the others need comes now, so that they open offline, too.
  useEffect(() => loadTheRest([miniPlayer, shortcutList, unprovenAddress, proveAgain, factorDue, waiting, limitedBar, lookBar, shutWhileLooking]), []);
  useEffect(() => {
    // A new page begins at its main part for keyboard and screen reader, except on the first load.
    if (lastPath.current !== path) main.current?.focus({ preventScroll: true });
    lastPath.current = path;
  }, [path]);

  return (
    <div className={onWatch ? "app rail" : "app"}>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50 focus:rounded-control focus:bg-raised focus:px-4 focus:py-2"
      >
        Skip to the page
      </a>
      <SideBar me={me} place={placeOf(path)} />
      <div className="min-w-0">
        {me?.looking ? (
          <Suspense>
            <LookBar handle={me.profile?.handle ?? "somebody"} until={me.looking.until} />
          </Suspense>
        ) : null}
        {onWatch ? null : <PhoneTop me={me} />}
        {placeOf(path) === "run" ? <RunRooms me={me} /> : null}
        <main id="main" ref={main} tabIndex={-1} className={onWatch ? "min-w-0 outline-none" : "main"}>
          {me?.account?.standing && !onWatch ? (
            <Suspense>
              <LimitedBar standing={me.account.standing} />
            </Suspense>
          ) : null}
          {me?.mail && me.account?.email_verified === false && !me.account.waits && !onWatch ? (
            <Suspense>
              <UnprovenAddress to={me.account.wanted_email ?? me.account.email ?? ""} />
            </Suspense>
          ) : null}
          {me?.account?.waits ? (
            <Suspense>
              <Waiting />
            </Suspense>
          ) : me?.looking && path.startsWith("/settings") && path !== "/settings/permissions" ? (
            <Suspense>
              <ShutWhileLooking />
            </Suspense>
          ) : me?.account?.factor_due && !path.startsWith("/settings") ? (
            <Suspense>
              <FactorDue />
            </Suspense>
          ) : (
            <Outlet />
          )}
        </main>
      </div>
      <BottomBar me={me} />
      {session && !session.onPage ? (
        <Suspense>
          <MiniPlayer />
        </Suspense>
      ) : null}
      <Toaster />
      {asked ? (
        <Suspense>
          <ProveAgain onEnd={asked.settle} />
        </Suspense>
      ) : null}
      {listOpen ? (
        <Suspense>
          <ShortcutList onClose={() => setListOpen(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}
