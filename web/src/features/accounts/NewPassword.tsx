import { useEffect, useState } from "react";
import { strengthOf } from "@/api/recovery";
import { Field } from "@/ui/Field";

export const SHORTEST_PASSWORD = 12;
export const PASSWORD_HINT = `${SHORTEST_PASSWORD} characters or more; a few words in a row are good.`;
const QUIET_MS = 300;
const NAMES = ["Much too easy", "Much too easy", "Too easy", "Good", "Very good"];

type Strength = { score: number; why: string | null };
type Props = {
  label: string;
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  fault: string | null;
  /** What the person typed beside it: a password must not be made of it. */
  words?: string[];
};

/** A field for a password that is yet to be chosen. The server says how good it is; the same rule decides later. */
export function NewPassword({ words = [], value, ...rest }: Props) {
  const strength = useStrength(value, words);
  return (
    <div>
      <Field {...rest} value={value} name="password" type="password" autoComplete="new-password" maxLength={128} hint={PASSWORD_HINT} />
      {value ? (
        <div className="mt-2 flex items-center gap-3">
          <div role="meter" aria-label="Strength" aria-valuemin={0} aria-valuemax={4} aria-valuenow={strength?.score ?? 0} aria-valuetext={strength ? NAMES[strength.score] : "Being measured"} className={`bar flex-1 ${strength && strength.score > 2 ? "done" : "stopped"}`}>
            <i style={{ width: `${(strength?.score ?? 0) * 25}%` }} />
          </div>
          <span className="meta w-28 text-right">{strength ? NAMES[strength.score] : "…"}</span>
        </div>
      ) : null}
      <p role="status" className="hint empty:hidden">
        {value.length >= SHORTEST_PASSWORD && !rest.fault ? strength?.why : null}
      </p>
    </div>
  );
}

function useStrength(password: string, words: string[]): Strength | null {
  const [found, setFound] = useState<(Strength & { of: string }) | null>(null);
  const known = words.filter(Boolean).join("\n");
  useEffect(() => {
    if (!password) return;
    const away = new AbortController();
    const timer = setTimeout(() => {
      // Without an answer there is no measure, and the server still decides.
      strengthOf(password, known ? known.split("\n").slice(0, 8) : [], away.signal).then(
        (strength) => setFound({ ...strength, of: password }),
        () => undefined,
      );
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      away.abort();
    };
  }, [password, known]);
  return password && found?.of === password ? found : null;
}
