/** Where a request that needs a fresh proof waits until its person gave one in the dialog, or would not. */
type Asked = { settle: (proven: boolean) => void };

let asked: Asked | null = null;
let answer: Promise<boolean> | null = null;
const hearers = new Set<() => void>();

function put(next: Asked | null): void {
  asked = next;
  for (const hear of hearers) hear();
}

export const proof = {
  subscribe: (hear: () => void) => {
    hearers.add(hear);
    return () => void hearers.delete(hear);
  },
  read: () => asked,
  /** Requests that ask together share one dialog. */
  ask: (): Promise<boolean> => {
    answer ??= new Promise<boolean>((resolve) => {
      put({
        settle: (proven) => {
          answer = null;
          put(null);
          resolve(proven);
        },
      });
    });
    return answer;
  },
};
