import { CheckCircleIcon } from "@phosphor-icons/react/CheckCircle";
import { DoorIcon } from "@phosphor-icons/react/Door";
import { HandPalmIcon } from "@phosphor-icons/react/HandPalm";
import { HourglassIcon } from "@phosphor-icons/react/Hourglass";
import { ProhibitIcon } from "@phosphor-icons/react/Prohibit";
import type { AccountState } from "@/api/directory";

const MARKS = {
  open: { icon: CheckCircleIcon, word: "Open", tone: "text-ink-2" },
  waiting: { icon: HourglassIcon, word: "Waiting", tone: "text-ink-2" },
  limited: { icon: HandPalmIcon, word: "Limited", tone: "text-warn" },
  suspended: { icon: ProhibitIcon, word: "Suspended", tone: "text-bad" },
  leaving: { icon: DoorIcon, word: "Leaving", tone: "text-warn" },
};

export function StateMark({ state }: { state: AccountState }) {
  const { icon: Icon, word, tone } = MARKS[state];
  return (
    <span className={`inline-flex items-center gap-1.5 align-middle ${tone}`}>
      <Icon size={16} aria-hidden="true" />
      {word}
    </span>
  );
}
