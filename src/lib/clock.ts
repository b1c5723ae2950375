/**
 * The only way product code learns the time, so that a test's virtual clock turns the database too (`p_now`). A clock
 * that a test turns brings its own sleep.
 */
export type Clock = { now(): Date; sleep?: (ms: number) => Promise<void> };

export const systemClock: Clock = { now: () => new Date() };

/** Resolves after so many milliseconds of this clock. */
export const sleep = (clock: Clock, ms: number): Promise<void> =>
  clock.sleep?.(ms) ?? new Promise((resolve) => setTimeout(resolve, ms));
