import { afterEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/client";
import { type Line, type Plan, sendParts } from "./parts";

const PLAN: Plan = { size_bytes: 95, part_bytes: 10, parts: 10, held: [] };
const file = new Blob([Uint8Array.from({ length: 95 }, (_, at) => at)]);
const NEVER = new AbortController().signal;

/** A store that answers each part with what `says` has for it next, then 200. */
function store(says: Record<number, number[]> = {}, expires_in_s = 900) {
  const got = new Map<number, number[]>();
  const seen = { asked: [] as number[][], puts: [] as string[], waited: [] as number[], most: 0, now: 0 };
  const line: Line = {
    addresses: (numbers) => {
      seen.asked.push(numbers);
      return Promise.resolve({ items: numbers.map((number) => ({ number, url: `${number}?${seen.asked.length}` })), expires_in_s });
    },
    put: async (url, data, onProgress) => {
      seen.most = Math.max(seen.most, ++seen.now);
      seen.puts.push(url);
      const number = parseInt(url, 10);
      const bytes = [...new Uint8Array(await data.arrayBuffer())];
      onProgress(bytes.length);
      seen.now--;
      const status = says[number]?.shift() ?? 200;
      if (status === 200) got.set(number, bytes);
      return status;
    },
    wait: (ms) => {
      seen.waited.push(ms);
      return Promise.resolve();
    },
  };
  return { line, got, seen };
}

const all = (got: Map<number, number[]>) => [...got].sort(([a], [b]) => a - b).flatMap(([, bytes]) => bytes);
const sends = (line: Line, plan = PLAN, signal = NEVER, onProgress: (sent: number) => void = () => undefined) => sendParts(file, plan, line, signal, onProgress);

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("parts", () => {
  it("bring all bytes, each to its address, a few at once", async () => {
    const { line, got, seen } = store();
    const shown: number[] = [];
    await sends(line, PLAN, NEVER, (sent) => shown.push(sent));
    expect(all(got)).toEqual(Array.from({ length: 95 }, (_, at) => at));
    expect(seen.puts).toHaveLength(10);
    expect(seen.most).toBe(3);
    expect(seen.asked.every((numbers) => numbers.length <= 4)).toBe(true);
    expect(shown.at(0)).toBe(0);
    expect(shown.at(-1)).toBe(95);
  });

  it("that are there are not sent again", async () => {
    const { line, got } = store();
    const shown: number[] = [];
    await sends(line, { ...PLAN, held: [1, 2, 10] }, NEVER, (sent) => shown.push(sent));
    expect([...got.keys()].sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect([shown.at(0), shown.at(-1)]).toEqual([25, 95]);
  });

  it("are tried again after a broken line, with longer and longer waits", async () => {
    const { line, got, seen } = store({ 5: [0, 500, 429] });
    await sends(line);
    expect(got.size).toBe(10);
    expect(seen.waited).toEqual([1000, 2000, 4000]);
  });

  it("get a fresh address at once when theirs has ended", async () => {
    const { line, seen } = store({ 2: [403] });
    await sends(line);
    expect(seen.waited).toEqual([]);
    const urls = seen.puts.filter((url) => url.startsWith("2?"));
    expect(urls).toHaveLength(2);
    expect(urls[0]).not.toBe(urls[1]);
  });

  it("stop with words when the store goes on failing", async () => {
    const broken = store({ 4: [0, 0, 0, 0] });
    await expect(sends(broken.line)).rejects.toMatchObject({ status: 0, code: "network.lost" });
    const refusing = store({ 1: [403, 403, 403, 403], 2: [403, 403, 403, 403], 3: [403, 403, 403, 403] });
    await expect(sends(refusing.line)).rejects.toMatchObject({ status: 503, code: "store.refused" });
  });

  it("say when the browser reaches the server but never the store", async () => {
    vi.stubGlobal("navigator", { onLine: true });
    const away = store(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [at + 1, [0, 0, 0, 0]])));
    await expect(sends(away.line)).rejects.toMatchObject({ status: 0, code: "store.unreachable" });
  });

  it("of an upload that ended are not tried again", async () => {
    const { line, seen } = store({ 1: [404] });
    await expect(sends(line)).rejects.toBeInstanceOf(Problem);
    expect(seen.waited).toEqual([]);
  });

  it("stop when they are told to", async () => {
    const stop = new AbortController();
    const { line, got } = store();
    const put: Line["put"] = async (...given) => {
      const status = await line.put(...given);
      if (got.size === 4) stop.abort();
      given[3].throwIfAborted();
      return status;
    };
    const shown: number[] = [];
    await expect(sends({ ...line, put }, PLAN, stop.signal, (sent) => shown.push(sent))).rejects.toHaveProperty("name", "AbortError");
    expect(got.size).toBeLessThan(10);
    expect(shown.at(-1)).toBe(30);
  });
});
