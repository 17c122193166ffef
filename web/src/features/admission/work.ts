/** Work that a house may ask of a computer before somebody signs up. */
import { askChallenge } from "@/api/admission";
import { Problem } from "@/api/client";
import type { Solved } from "@/api/types";
import type { Asked, Said } from "./work.worker";

/** `told` hears the share that is done, 0 to 1. */
export async function work(told: (share: number) => void): Promise<Solved> {
  const challenge = await askChallenge();
  const { salt, answers, tries } = challenge;
  const worker = new Worker(new URL("./work.worker.ts", import.meta.url), { type: "module" });
  try {
    const numbers = await new Promise<number[]>((done, failed) => {
      worker.onmessage = ({ data }: MessageEvent<Said>) => ("numbers" in data ? done(data.numbers) : told(data.share));
      worker.onerror = () => failed(new Problem(0, "work.failed", "Your browser could not do the check. Reload the page and try again, or use another browser."));
      worker.postMessage({ salt, answers, tries } satisfies Asked);
    });
    return { ...challenge, numbers };
  } finally {
    worker.terminate();
  }
}
