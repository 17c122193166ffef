export function Bar({ label, value, stopped = false, done = false, className = "" }: { label: string; value: number; stopped?: boolean; done?: boolean; className?: string }) {
  const rounded = Math.max(0, Math.min(100, Math.floor(value)));
  return (
    <div
      className={`bar ${stopped ? "stopped" : ""} ${done ? "done" : ""} ${className}`}
      role="progressbar"
      aria-label={label}
      aria-valuenow={rounded}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <i style={{ width: `${rounded}%` }} />
    </div>
  );
}
