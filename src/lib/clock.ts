/** The only way product code learns the time, so that a test's virtual clock turns the database too (`p_now`). */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };
