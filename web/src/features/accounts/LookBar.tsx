import { EyeIcon } from "@phosphor-icons/react/Eye";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { stopLooking } from "@/api/standing";
import { stage } from "@/features/videos/player/stage";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toast";
import { changeHands } from "./changeHands";

const TICK_MS = 5000;

/** Stays on top of every page while an operator looks through somebody's eyes. */
export default function LookBar({ handle, until }: { handle: string; until: string }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [now, setNow] = useState(Date.now);
  const [busy, setBusy] = useState(false);
  const minutes = Math.max(0, Math.ceil((new Date(until).getTime() - now) / 60_000));

  async function back() {
    stage.close();
    await navigate({ to: "/" });
    await changeHands(cache);
  }
  const over = useEffectEvent(() => void back());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (minutes === 0) over();
  }, [minutes]);

  async function stop() {
    setBusy(true);
    try {
      await stopLooking();
      await back();
    } catch {
      toast("It did not end. Try again; it ends by itself, too.");
      setBusy(false);
    }
  }

  return (
    <section
      aria-label="Looking through somebody's eyes"
      className="sticky top-0 z-10 flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-warn bg-raised px-4 py-2 text-ui"
    >
      <EyeIcon size={20} weight="fill" className="flex-none text-warn" aria-hidden="true" />
      <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        You see this house as <b>@{handle}</b> and change nothing · <span className="tabular-nums">{minutes} min left</span>
      </p>
      <Button small isPending={busy} onPress={() => void stop()}>
        Stop
      </Button>
    </section>
  );
}
