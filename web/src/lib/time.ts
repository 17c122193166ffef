/** Times and waits in words, as the house writes them. Never reads the clock by itself except by default. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** 21 → "0:21", 1448 → "24:08", 4350 → "1:12:30". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const s = String(whole % 60).padStart(2, "0");
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / HOUR);
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** The same moment for a screen reader: "11 minutes 27 seconds". */
export function spokenClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const parts: string[] = [];
  const h = Math.floor(whole / HOUR);
  const m = Math.floor(whole / 60) % 60;
  if (h) parts.push(`${h} ${h === 1 ? "hour" : "hours"}`);
  if (m) parts.push(`${m} ${m === 1 ? "minute" : "minutes"}`);
  const s = whole % 60;
  if (s || parts.length === 0) parts.push(`${s} ${s === 1 ? "second" : "seconds"}`);
  return parts.join(" ");
}

/** How long something still takes, rounded up: "about 35 s", "about 2 min". Unknown → null. */
export function wait(seconds: number | null | undefined): string | null {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return null;
  if (seconds < 10) return "a few seconds";
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} s`;
  if (seconds < HOUR) return `about ${Math.ceil(seconds / MINUTE)} min`;
  const h = Math.floor(seconds / HOUR);
  const m = Math.ceil((seconds % HOUR) / MINUTE);
  if (m === 0) return `about ${h} h`;
  return m === 60 ? `about ${h + 1} h` : `about ${h} h ${m} min`;
}

/** A length of time that has been measured: "1.4 s", "4 min 12 s", "12 h". */
export function took(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [large, small] = whole < HOUR ? ["min", "s"] : ["h", "min"];
  const steps = whole < HOUR ? whole : Math.floor(whole / 60);
  return `${Math.floor(steps / 60)} ${large}${steps % 60 ? ` ${steps % 60} ${small}` : ""}`;
}

/** "just now", "6 min ago", "3 h ago", "yesterday", "4 d", "14 Nov", "14 Nov 2024". */
export function age(moment: string | Date, now: Date = new Date(), locale?: string): string {
  const then = typeof moment === "string" ? new Date(moment) : moment;
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  if (seconds < 2 * DAY) return "yesterday";
  if (seconds < 7 * DAY) return `${Math.floor(seconds / DAY)} d`;
  return day(then, now, locale);
}

export function day(moment: string | Date, now: Date = new Date(), locale?: string): string {
  const then = typeof moment === "string" ? new Date(moment) : moment;
  return new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    ...(then.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
  }).format(then);
}

export function exact(moment: string | Date, locale?: string): string {
  const then = typeof moment === "string" ? new Date(moment) : moment;
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }).format(then);
}
