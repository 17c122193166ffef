/** Counts and sizes in words. Exact figures are for money, votes and what is yours. */

/** 1204 → "1,204", 18234 → "18.2k", 1_400_000 → "1.4M": three digits above 9,999. */
export function count(n: number, locale = "en"): string {
  if (n < 10_000) return new Intl.NumberFormat(locale).format(n);
  const steps: [number, string][] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];
  for (const [unit, sign] of steps) {
    if (n < unit) continue;
    const value = n / unit;
    const digits = value < 10 ? 1 : value < 100 ? 1 : 0;
    const cut = Math.floor(value * 10 ** digits) / 10 ** digits;
    return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(cut)}${sign}`;
  }
  return String(n);
}

export function views(n: number): string {
  return n === 1 ? "1 view" : `${count(n)} views`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${new Intl.NumberFormat("en").format(n)} ${n === 1 ? one : many}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

function scale(bytes: number): number {
  let power = 0;
  while (power < UNITS.length - 1 && Math.round(bytes / 1000 ** power) >= 1000) power += 1;
  return power;
}

function figure(bytes: number, power: number): string {
  const value = bytes / 1000 ** power;
  return new Intl.NumberFormat("en", { maximumFractionDigits: power > 0 && value < 10 ? 1 : 0 }).format(value);
}

/** Bytes by 1,000: "1.1 GB", "312 GB". */
export function size(bytes: number): string {
  const power = scale(bytes);
  return `${figure(bytes, power)} ${UNITS[power] ?? "B"}`;
}

/** "2.1 of 3.4 GB": both in the unit of the whole. */
export function part(done: number, whole: number): string {
  const power = scale(whole);
  return `${figure(done, power)} of ${figure(whole, power)} ${UNITS[power] ?? "B"}`;
}

export function speed(bytesPerSecond: number): string {
  return `${size(bytesPerSecond)}/s`;
}

export function percent(done: number, whole: number): number {
  if (whole <= 0) return 0;
  return Math.max(0, Math.min(100, Math.floor((done / whole) * 100)));
}
