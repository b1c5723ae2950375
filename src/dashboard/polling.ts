/** Even where there is news all the time, nothing is asked for more often. */
export const LEAST_PAUSE_MS = 2000;

/**
 * Asks at once, and then again and again: one question at a time, the next as many milliseconds after an answer as `ask`
 * says (Infinity: not by itself).
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
    /** Somebody has just changed something: an answer that is under way may not have it yet. */
    now: () => plan(0),
    /** There is news. */
    soon: () => plan(askedAt + LEAST_PAUSE_MS),
    stop(): void {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
