import { age, exact } from "@/lib/time";

export function When({ moment, className }: { moment: string; className?: string }) {
  return (
    <time dateTime={moment} title={exact(moment)} className={className}>
      {age(moment)}
    </time>
  );
}
