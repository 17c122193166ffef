/** The theme in force: follows the system, or what the person chose; kept on the account and here. */
import { useSyncExternalStore } from "react";
import type { Theme } from "@/api/types";

const KEY = "matinee.theme";
const light = matchMedia("(prefers-color-scheme: light)");
const listeners = new Set<() => void>();

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "dark" || value === "light" ? value : "system";
  } catch {
    return "system";
  }
}

let chosen: Theme = stored();

function show(): void {
  const dark = chosen === "dark" || (chosen === "system" && !light.matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  for (const listener of listeners) listener();
}

light.addEventListener("change", show);

export function chooseTheme(theme: Theme): void {
  chosen = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice holds for this page.
  }
  show();
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => chosen,
  );
}
