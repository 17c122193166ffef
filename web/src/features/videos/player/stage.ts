/**
 * What is on stage: the one film that plays, on its page or in the mini player. It outlives navigation.
 * Small on purpose: the engine with hls.js is fetched only when a film is opened.
 */
import type { Video } from "@/api/types";
import type { Engine } from "./engine";

export type Session = { video: Video; engine: Engine; onPage: boolean };

let session: Session | null = null;
let wanted: string | null = null;
const listeners = new Set<() => void>();

function publish(next: Session | null): void {
  session = next;
  for (const listener of listeners) listener();
}

export const stage = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  read: (): Session | null => session,

  /** Puts a video on its page. The same video keeps playing; another takes its place. */
  async open(video: Video, startAt: () => Promise<number>): Promise<void> {
    wanted = video.id;
    if (session?.video.id === video.id) {
      publish({ ...session, video, onPage: true });
      return;
    }
    session?.engine.close();
    publish(null);
    const [{ Engine }, at] = await Promise.all([import("./engine"), startAt()]);
    // The person may have gone on to another film, or away, while the engine came.
    if (wanted !== video.id || session) return;
    publish({ video, engine: new Engine(video, at), onPage: true });
  },

  /** Newer facts about the same video; new renditions make the engine swap its source. */
  update(video: Video): void {
    if (session?.video.id !== video.id) return;
    if (session.video !== video) publish({ ...session, video });
    session.engine.revise(video);
  },

  /** The page goes away: a film that was started stays in the mini player, any other is closed. */
  leavePage(id: string): void {
    if (wanted === id) wanted = null;
    if (session?.video.id !== id) return;
    const { started, ended, paused } = session.engine.read();
    if (started && !ended && !paused) publish({ ...session, onPage: false });
    else stage.close();
  },

  /** To the mini player by wish, also when paused. */
  shrink(): void {
    if (session) publish({ ...session, onPage: false });
  },

  /** The film is there no more: it stops wherever it plays. */
  drop(id: string): void {
    if (session?.video.id === id || wanted === id) stage.close();
  },

  close(): void {
    wanted = null;
    session?.engine.close();
    publish(null);
  },
};
