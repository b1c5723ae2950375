/** The shortest time between two requests, even when changes arrive all the time. */
export const LEAST_PAUSE_MS = 2000;

/**
 * Calls `ask` at once and then repeatedly, one call at a time. `ask` returns how many milliseconds after its answer the
 * next call starts; Infinity stops the repetition.
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
    /** Asks at once, because the user has just changed something, and an answer in progress may not include it. */
    now: () => plan(0),
    /** Asks again soon, because something changed. */
    soon: () => plan(askedAt + LEAST_PAUSE_MS),
    stop(): void {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
