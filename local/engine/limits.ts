/**
 * The real server's limits (pkg/consts and pkg/inngest of inngest/inngest). The engine refuses what the server refuses.
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const limits = {
  eventsPerRequest: 5_000,
  eventBytes: 3 * 1024 * 1024,
  stepsPerRun: 1_000,
  stepOutputBytes: 4 * 1024 * 1024,
  runStateBytes: 32 * 1024 * 1024,
  /** A larger call is sent without its state. The SDK then fetches the state from /v0/runs/:id. */
  requestBodyBytes: 4 * 1024 * 1024,
  /** The largest answer: the input and output of a step together. The engine does not read a longer answer. */
  responseBodyBytes: 8 * 1024 * 1024,
  defaultRetries: 4,
  retryDelayMs: { least: SECOND, most: DAY },
  sleepMs: 366 * DAY,
  cancelTimeoutMs: 365 * DAY,
  idempotencyMs: DAY,
  triggersPerFunction: 10,
  cancelsPerFunction: 5,
  concurrencyLimitsPerFunction: 2,
  debounceMs: { least: SECOND, most: 7 * DAY },
  rateLimitPeriodMs: DAY,
  batchTimeoutMs: { least: SECOND },
  prioritySeconds: (12 * HOUR) / SECOND,
  callsInFlight: 100,
  /** When a run cannot be stored, its call is tried again after this time. The real server has no such setting. */
  storeRetryMs: SECOND,
  callDurationMs: 2 * HOUR,
} as const;

/**
 * How long the server waits before attempt 1, 2, 3 and so on. To each delay it adds a random time of at most thirty
 * seconds.
 */
const retryTableMs = [
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  20 * MINUTE,
  40 * MINUTE,
  HOUR,
  2 * HOUR,
];

export function retryDelayMs(attempt: number, random: () => number): number {
  const base = retryTableMs[Math.min(attempt, retryTableMs.length - 1)] ?? 2 * HOUR;
  return base + Math.floor(random() * 30 * SECOND);
}
