/** What this browser remembers: where films were left, and how the person likes to watch. */
import type { Choice } from "./engine";

const PLACES = "matinee.places";
const HERE = "matinee.here";
const TASTE = "matinee.player";
const MOST = 200;

type Places = Record<string, number>;
type Taste = { volume: number; muted: boolean; rate: number; choice: Choice };

function readJson(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage that is full or off only means that nothing is remembered.
  }
}

function places(): Places {
  const value = readJson(PLACES);
  return typeof value === "object" && value !== null ? (value as Places) : {};
}

let lastKept = 0;

/** Keeps a place, at most once in two seconds; the newest 200 films are remembered. */
export function keep(id: string, time: number): void {
  if (performance.now() - lastKept < 2000) return;
  lastKept = performance.now();
  const others = Object.entries(places()).filter(([known]) => known !== id);
  const entries = [...others.slice(-(MOST - 1)), [id, Math.floor(time)] as const];
  write(PLACES, Object.fromEntries(entries));
  try {
    sessionStorage.setItem(HERE, JSON.stringify([id, Math.floor(time)]));
  } catch {
    // As above.
  }
}

/** Where this very tab played the film last: newer than any report, which comes each 10 s. */
export function placeHere(id: string): number {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(HERE) ?? "null");
    return Array.isArray(value) && value[0] === id && typeof value[1] === "number" ? value[1] : 0;
  } catch {
    return 0;
  }
}

export function forget(id: string): void {
  try {
    if (placeHere(id) > 0) sessionStorage.removeItem(HERE);
  } catch {
    // As above.
  }
  const { [id]: place, ...rest } = places();
  if (place !== undefined) write(PLACES, rest);
}

/** Where every film was left, once whoever left it there is gone. */
export function forgetPlaces(): void {
  try {
    localStorage.removeItem(PLACES);
    sessionStorage.removeItem(HERE);
  } catch {
    // As above.
  }
}

export function placeOf(id: string): number {
  const place = places()[id];
  return typeof place === "number" && place > 0 ? place : 0;
}

export function loadTaste(): Taste {
  const value = readJson(TASTE) as Partial<Taste> | null;
  const volume = value?.volume;
  const rate = value?.rate;
  return {
    volume: typeof volume === "number" && volume >= 0 && volume <= 1 ? volume : 1,
    muted: value?.muted === true,
    rate: typeof rate === "number" && rate >= 0.25 && rate <= 4 ? rate : 1,
    choice: typeof value?.choice === "number" ? value.choice : "auto",
  };
}

export function saveTaste(taste: Taste): void {
  write(TASTE, taste);
}
