import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { signOut } from "@/api/accounts";
import { stopLooking } from "@/api/standing";
import type { Me } from "@/api/types";
import { leaveHands } from "@/features/accounts/changeHands";
import { stage } from "@/features/videos/player/stage";
import { Face } from "@/ui/Face";
import { toast } from "@/ui/toast";

const YouMenu = lazy(() => import("./YouMenu"));

/** You: the avatar and its menu. The menu's code comes when it is opened first. */
export function You({ me, compact = false }: { me: Me; compact?: boolean }) {
  const [open, setOpen] = useState(false);
  const cache = useQueryClient();
  const navigate = useNavigate();
  const name = me.profile?.display_name ?? me.account?.email ?? "You";
  const handle = me.profile?.handle ?? "";

  async function leave() {
    try {
      if (me.looking) await stopLooking();
      await signOut();
      stage.close();
      await navigate({ to: "/" });
      await leaveHands(cache);
    } catch {
      toast("Signing out did not work. You are still signed in; try again.");
    }
  }

  const face = (
    <>
      <span className="sr-only">You: </span>
      <Face name={name} handle={handle} size={compact ? 28 : 32} />
      {compact ? (
        <span className="sr-only">{name}</span>
      ) : (
        <span className="wide-only min-w-0 flex-1">
          <span className="block truncate font-semibold">{name}</span>
          <span className="meta block truncate">@{handle}</span>
        </span>
      )}
    </>
  );
  const button = (
    <button
      type="button"
      className={compact ? "grid size-11 place-items-center rounded-control" : "you"}
      aria-haspopup="menu"
      onClick={() => setOpen(true)}
    >
      {face}
    </button>
  );
  return open ? (
    <Suspense fallback={button}>
      <YouMenu me={me} compact={compact} face={face} onSignOut={() => void leave()} />
    </Suspense>
  ) : (
    button
  );
}
