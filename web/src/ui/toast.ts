/** One short word at a time, bottom left. Never for errors that need an answer. */
export type Toast = { id: number; text: string; action?: { label: string; run: () => void } };

let current: Toast | null = null;
let serial = 0;
const listeners = new Set<() => void>();

export function toast(text: string, action?: Toast["action"]): void {
  serial += 1;
  current = { id: serial, text, ...(action ? { action } : {}) };
  for (const listener of listeners) listener();
}

export function dismiss(): void {
  current = null;
  for (const listener of listeners) listener();
}

export const toasts = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  read: (): Toast | null => current,
};
