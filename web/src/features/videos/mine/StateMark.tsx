import { CheckIcon } from "@phosphor-icons/react/Check";
import { CircleNotchIcon } from "@phosphor-icons/react/CircleNotch";
import { ProhibitIcon } from "@phosphor-icons/react/Prohibit";
import { WarningIcon } from "@phosphor-icons/react/Warning";
import type { Video } from "@/api/types";
import { isWaitingForFile, STATE_TONES, stateSentence } from "./words";

/** Icon and word: colour never speaks alone. */
export function StateMark({ video }: { video: Video }) {
  return (
    <span className={`num inline-flex items-center gap-1.5 text-meta font-semibold whitespace-nowrap ${isWaitingForFile(video) ? "text-warn" : STATE_TONES[video.state]}`}>
      {isWaitingForFile(video) ? <WarningIcon size={16} aria-hidden="true" /> : <Sign state={video.state} />}
      {stateSentence(video)}
    </span>
  );
}

function Sign({ state }: { state: Video["state"] }) {
  switch (state) {
    case "ready":
    case "playable":
      return <CheckIcon size={16} aria-hidden="true" />;
    case "rejected":
    case "failed":
      return <WarningIcon size={16} aria-hidden="true" />;
    case "cancelled":
      return <ProhibitIcon size={16} aria-hidden="true" />;
    default:
      return <CircleNotchIcon size={16} aria-hidden="true" />;
  }
}
