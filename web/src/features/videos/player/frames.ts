/** Waiting for what a film shows. */

/** Looks at each animation frame, and each 100 ms where none comes as in a hidden tab, until it is so. */
export async function until(so: () => boolean): Promise<void> {
  while (!so()) await moment();
}

function moment(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(next, 100);
    const frame = requestAnimationFrame(next);
    function next() {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      resolve();
    }
  });
}

/** The next decoded frame of a video has been shown. */
export function shown(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = setTimeout(resolve, 400);
    if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback(() => {
        clearTimeout(giveUp);
        resolve();
      });
    }
  });
}
