/** The line of uploads for everyone who shows it. Small: what sends the bytes is fetched only when needed. */
import { type Action, EMPTY, type Queue, step } from "@/lib/uploadQueue";

let queue: Queue = EMPTY;
const listeners = new Set<() => void>();

export const uploads = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  read: (): Queue => queue,
  dispatch(action: Action): void {
    queue = step(queue, action);
    for (const listener of listeners) listener();
  },
};
