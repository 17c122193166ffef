import { ladderSentence, type Rung } from "@/lib/progress";

/** One step per rendition, filled as far as the truth goes. */
export function Ladder({ rungs, step = 38, className = "" }: { rungs: Rung[]; step?: number; className?: string }) {
  return (
    <div
      className={`ladder ${className}`}
      role="img"
      aria-label={ladderSentence(rungs)}
      style={{ "--step": `${step}px` }}
    >
      {rungs.map((rung, index) => (
        <div key={rung.name} className={rung.state}>
          <i
            style={{
              height: 7 + Math.round(index * 3.7),
              "--v": `${rung.state === "done" ? 100 : rung.percent}%`,
            }}
          />
          {rung.name}
        </div>
      ))}
    </div>
  );
}
