/** The shortest time between two requests, even when changes arrive all the time. */
export const LEAST_PAUSE_MS = 2000;

/**
 * Asks at once and then repeatedly, one request at a time. The next request starts as many milliseconds after an answer
 * as `ask` returned; Infinity stops the repetition.
 */
export function createPolling(ask: () => Promise<number>) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.POSITIVE_INFINITY;
  let isAsking = false;
  let isOver = false;

  const run = async () => {
    isAsking = true;
    askedAt = Date.now();
    dueAt = Number.POSITIVE_INFINITY;
    const pauseMs = await ask();
    isAsking = false;
    plan(Date.now() + pauseMs);
  };
  const plan = (at: number) => {
    dueAt = Math.min(dueAt, at);
    clearTimeout(timer);
    if (isOver || isAsking || dueAt === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(() => void run(), Math.max(0, dueAt - Date.now()));
  };
  void run();

  return {
    /** The user has just changed something, and an answer in progress may not include it. */
    now: () => plan(0),
    /** Something changed: asks again soon. */
    soon: () => plan(askedAt + LEAST_PAUSE_MS),
    stop(): void {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
