/** scrypt (RFC 7914), one block of parallelism. The ends are the browser's own PBKDF2; the middle, which takes the time, is here. */

const R = 8;
const WORDS = 32 * R;

/** `cost` is a power of two: it takes cost × 1 KiB of memory. */
export class Scrypt {
  readonly #cost: number;
  readonly #memory: Int32Array;
  readonly #other = new Int32Array(WORDS);
  readonly #block = new Int32Array(16);

  constructor(cost: number) {
    this.#cost = cost;
    this.#memory = new Int32Array(cost * WORDS);
  }

  async derive(password: Uint8Array<ArrayBuffer>, salt: Uint8Array<ArrayBuffer>, bytes: number): Promise<Uint8Array> {
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const once = (from: Uint8Array<ArrayBuffer>, length: number) => crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: from, iterations: 1 }, key, length * 8);
    const words = new Int32Array(await once(salt, WORDS * 4));
    this.#mix(words);
    return new Uint8Array(await once(new Uint8Array(words.buffer), bytes));
  }

  #mix(start: Int32Array<ArrayBuffer>): void {
    const memory = this.#memory;
    let now = start;
    let next = this.#other;
    for (let i = 0; i < this.#cost; i++) {
      memory.set(now, i * WORDS);
      this.#blocks(now, next);
      [now, next] = [next, now];
    }
    for (let i = 0; i < this.#cost; i++) {
      const from = ((now[WORDS - 16] ?? 0) & (this.#cost - 1)) * WORDS;
      for (let k = 0; k < WORDS; k++) now[k] = (now[k] ?? 0) ^ (memory[from + k] ?? 0);
      this.#blocks(now, next);
      [now, next] = [next, now];
    }
    // The cost is even, so that the result lies where it began.
  }

  #blocks(from: Int32Array, to: Int32Array): void {
    const block = this.#block;
    block.set(from.subarray(WORDS - 16));
    for (let i = 0; i < 2 * R; i++) {
      salsa8(block, from, i * 16);
      to.set(block, ((i >> 1) + (i % 2) * R) * 16);
    }
  }
}

const turned = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** Takes 16 words of `from` into the block, and turns it by eight rounds of Salsa20. */
function salsa8(block: Int32Array, from: Int32Array, at: number): void {
  const a0 = (block[0] ?? 0) ^ (from[at] ?? 0);
  const a1 = (block[1] ?? 0) ^ (from[at + 1] ?? 0);
  const a2 = (block[2] ?? 0) ^ (from[at + 2] ?? 0);
  const a3 = (block[3] ?? 0) ^ (from[at + 3] ?? 0);
  const a4 = (block[4] ?? 0) ^ (from[at + 4] ?? 0);
  const a5 = (block[5] ?? 0) ^ (from[at + 5] ?? 0);
  const a6 = (block[6] ?? 0) ^ (from[at + 6] ?? 0);
  const a7 = (block[7] ?? 0) ^ (from[at + 7] ?? 0);
  const a8 = (block[8] ?? 0) ^ (from[at + 8] ?? 0);
  const a9 = (block[9] ?? 0) ^ (from[at + 9] ?? 0);
  const a10 = (block[10] ?? 0) ^ (from[at + 10] ?? 0);
  const a11 = (block[11] ?? 0) ^ (from[at + 11] ?? 0);
  const a12 = (block[12] ?? 0) ^ (from[at + 12] ?? 0);
  const a13 = (block[13] ?? 0) ^ (from[at + 13] ?? 0);
  const a14 = (block[14] ?? 0) ^ (from[at + 14] ?? 0);
  const a15 = (block[15] ?? 0) ^ (from[at + 15] ?? 0);
  let x0 = a0, x1 = a1, x2 = a2, x3 = a3, x4 = a4, x5 = a5, x6 = a6, x7 = a7, x8 = a8, x9 = a9, x10 = a10, x11 = a11, x12 = a12, x13 = a13, x14 = a14, x15 = a15;
  for (let round = 0; round < 8; round += 2) {
    x4 ^= turned(x0 + x12, 7); x8 ^= turned(x4 + x0, 9);
    x12 ^= turned(x8 + x4, 13); x0 ^= turned(x12 + x8, 18);
    x9 ^= turned(x5 + x1, 7); x13 ^= turned(x9 + x5, 9);
    x1 ^= turned(x13 + x9, 13); x5 ^= turned(x1 + x13, 18);
    x14 ^= turned(x10 + x6, 7); x2 ^= turned(x14 + x10, 9);
    x6 ^= turned(x2 + x14, 13); x10 ^= turned(x6 + x2, 18);
    x3 ^= turned(x15 + x11, 7); x7 ^= turned(x3 + x15, 9);
    x11 ^= turned(x7 + x3, 13); x15 ^= turned(x11 + x7, 18);
    x1 ^= turned(x0 + x3, 7); x2 ^= turned(x1 + x0, 9);
    x3 ^= turned(x2 + x1, 13); x0 ^= turned(x3 + x2, 18);
    x6 ^= turned(x5 + x4, 7); x7 ^= turned(x6 + x5, 9);
    x4 ^= turned(x7 + x6, 13); x5 ^= turned(x4 + x7, 18);
    x11 ^= turned(x10 + x9, 7); x8 ^= turned(x11 + x10, 9);
    x9 ^= turned(x8 + x11, 13); x10 ^= turned(x9 + x8, 18);
    x12 ^= turned(x15 + x14, 7); x13 ^= turned(x12 + x15, 9);
    x14 ^= turned(x13 + x12, 13); x15 ^= turned(x14 + x13, 18);
  }
  block[0] = x0 + a0;
  block[1] = x1 + a1;
  block[2] = x2 + a2;
  block[3] = x3 + a3;
  block[4] = x4 + a4;
  block[5] = x5 + a5;
  block[6] = x6 + a6;
  block[7] = x7 + a7;
  block[8] = x8 + a8;
  block[9] = x9 + a9;
  block[10] = x10 + a10;
  block[11] = x11 + a11;
  block[12] = x12 + a12;
  block[13] = x13 + a13;
  block[14] = x14 + a14;
  block[15] = x15 + a15;
}
