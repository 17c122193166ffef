import { WarningCircleIcon } from "@phosphor-icons/react/WarningCircle";
import { HourglassIcon } from "@phosphor-icons/react/Hourglass";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { crowd } from "@/api/crowd";

type Props = { title: string; words: string; fault: string | null; onSubmit: () => void; foot?: ReactNode; children: ReactNode };

/** The panel of every page at the door: sign in, sign up, allow a device. */
export function Gate({ title, words, fault, onSubmit, foot, children }: Props) {
  const crowded = useSyncExternalStore(crowd.subscribe, crowd.read);
  useEffect(() => crowd.stop, []);
  return (
    <div className="mx-auto w-full max-w-[420px] py-6 phone:py-14">
      <h1>{title}</h1>
      <p className="mt-2 mb-6 text-ink-2">{words}</p>
      <form
        noValidate
        className="panel grid gap-4 p-5"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {fault ? (
          <p role="alert" className="flex gap-2 rounded-control border border-bad p-3 text-ui">
            <WarningCircleIcon size={20} className="flex-none text-bad" aria-hidden="true" />
            {fault}
          </p>
        ) : null}
        <div role="status" className="empty:hidden">
          {crowded ? (
            <p className="flex gap-2 rounded-control border border-line p-3 text-ui">
              <HourglassIcon size={20} className="flex-none text-ink-2" aria-hidden="true" />
              <span>
                Many people are signing in at this moment. This page tries again by itself in a few seconds.{" "}
                <button type="button" className="link" onClick={crowd.stop}>
                  Stop waiting
                </button>
              </span>
            </p>
          ) : null}
        </div>
        {children}
      </form>
      {foot ? <p className="mt-4 text-center text-ui text-ink-2">{foot}</p> : null}
    </div>
  );
}
