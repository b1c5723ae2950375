/**
 * Backpressure: what `accept_job` lets in. 429 tells a caller that they are too fast, 503 that we are full; both
 * say when to come back.
 */
export type Limits = { perSecond: number; waiting: number };

const DEFAULT_LIMITS: Limits = { perSecond: 100, waiting: 10_000 };

/** Kinds of work that deserve a shorter or longer queue than most. */
const LIMITS_BY_KIND: Record<string, Partial<Limits>> = {};

export const limitsFor = (kind: string): Limits => ({ ...DEFAULT_LIMITS, ...LIMITS_BY_KIND[kind] });
