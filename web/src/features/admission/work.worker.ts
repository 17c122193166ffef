/** Finds the numbers that answer a challenge, away from the page. Says how far it came, and the numbers in the end. */
import { Scrypt } from "@/lib/scrypt";

export type Asked = { salt: string; answers: number; tries: number };
export type Said = { share: number } | { numbers: number[] };

const bytes = (text: string) => new TextEncoder().encode(text);

async function solve({ salt, answers, tries }: Asked): Promise<void> {
  const scrypt = new Scrypt(2048);
  const salted = bytes(salt);
  const numbers: number[] = [];
  for (let part = 0; part < answers; part++) {
    for (let number = 0; ; number++) {
      const found = await scrypt.derive(bytes(`${part}:${number}`), salted, 32);
      if (new DataView(found.buffer).getUint32(0) * tries < 2 ** 32) {
        numbers.push(number);
        break;
      }
      // Luck decides how many it takes: the rest of a part shrinks with every try and never reaches its end before it.
      const share = (part + 1 - Math.exp(-number / tries)) / answers;
      postMessage({ share } satisfies Said);
    }
  }
  postMessage({ numbers } satisfies Said);
}

addEventListener("message", (event: MessageEvent<Asked>) => void solve(event.data));
