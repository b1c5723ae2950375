/**
 * Product code reads the time only from a Clock, so that a test's virtual clock also controls the database (`p_now`). A
 * virtual clock has its own `sleep`.
 */
export type Clock = { now(): Date; sleep?: (ms: number) => Promise<void> };

export const systemClock: Clock = { now: () => new Date() };

/** Resolves after this many milliseconds of the given clock. */
export const sleep = (clock: Clock, ms: number): Promise<void> =>
  clock.sleep?.(ms) ?? new Promise((resolve) => setTimeout(resolve, ms));
