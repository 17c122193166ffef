import { type RefObject, useEffect, useRef } from "react";
import { signInWithPasskey } from "@/api/factors";
import { passkeysInFields } from "@/lib/passkeys";

/** Offers passkeys in the field for the name, until somebody takes another way: then call `current()`. */
export function usePasskeyInField(offered: boolean, onIn: () => Promise<void>): RefObject<() => void> {
  const stop = useRef(() => {});
  const arrive = useRef(onIn);
  useEffect(() => {
    arrive.current = onIn;
  });
  useEffect(() => {
    if (!offered) return undefined;
    const waiting = new AbortController();
    stop.current = () => waiting.abort();
    const offer = async () => {
      if (!(await passkeysInFields()) || waiting.signal.aborted) return;
      if (await signInWithPasskey(waiting.signal)) await arrive.current();
    };
    offer().catch(() => undefined); // the button says what is wrong
    return () => waiting.abort();
  }, [offered]);
  return stop;
}
