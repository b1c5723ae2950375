import { AppError, meaningOf } from "#lib/errors.ts";

/**
 * Every named way to try again, in one table. Inngest itself knows only a number of retries and its own pace (first
 * retry after 15–45 s): a policy's delay travels as a RetryAfterError. Delays are milliseconds before try `n + 1`.
 */
export type RetryPolicy = {
  /** Tries after the first one: what goes into a function's `retries`. */
  retries: number;
  /** Delay before the first retry. */
  firstMs: number;
  /** What each further delay is multiplied by; 1 is a fixed delay. */
  factor: number;
  /** No delay is longer than this. */
  capMs: number;
  /** Width of the random share: 0.25 is ±12.5 %. */
  jitter: number;
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const fixed = (retries: number, delayMs: number): RetryPolicy => ({
  retries,
  firstMs: delayMs,
  factor: 1,
  capMs: delayMs,
  jitter: 0,
});
const exponential = (retries: number, firstMs: number, capMs: number, jitter = 0.25): RetryPolicy => ({
  retries,
  firstMs,
  factor: 2,
  capMs,
  jitter,
});

export const RETRY_POLICIES = {
  /** S4-35, S4-33: 5 tries more, about 10, 20, 40, 80, 160 s. */
  email: exponential(5, 10 * SECOND, 10 * MINUTE),
  /** S4-35: money is tried three times more, every 30 s. */
  payment: fixed(3, 30 * SECOND),
  /** S4-35: a report is cheap to ask for again; twice, at once. */
  report: fixed(2, 0),
  /** S4-35. */
  webhook: exponential(5, 10 * SECOND, 10 * MINUTE),
  /** S4-35: 10 long ones, from a minute to an hour. */
  dataSync: exponential(10, MINUTE, HOUR),
  /** S4-35. */
  image: fixed(2, 10 * SECOND),
  /** S1-3, S1-4: 2, 4, 8, 16 s and the fifth failure is the last; cap 60 s, ±12.5 %. */
  task: exponential(4, 2 * SECOND, MINUTE),
  /** S2-10: 2, 4, 8, 16, 32 s, never more than 10 minutes. */
  externalApi: exponential(5, 2 * SECOND, 10 * MINUTE, 0),
  /** S2-6: a welcome mail, three retries. */
  registration: exponential(3, 10 * SECOND, 10 * MINUTE),
  /** S3-7: 3 attempts, exponential from one second. */
  namedJob: exponential(2, SECOND, MINUTE, 0),
  /** S4-34: whoever asks us to slow down is left alone for a minute. */
  rateLimited: fixed(3, MINUTE),
} as const satisfies Record<string, RetryPolicy>;

export type RetryPolicyName = keyof typeof RETRY_POLICIES;

/**
 * How long to wait before retry number `retry` (1 is the first), or undefined when the policy gives up.
 * `random` is in [0, 1): it is given, so that a step's delay is decided once.
 */
export function delayMs(policy: RetryPolicyName, retry: number, random: number): number | undefined {
  const { retries, firstMs, factor, capMs, jitter }: RetryPolicy = RETRY_POLICIES[policy];
  if (retry < 1 || retry > retries) return undefined;
  const capped = Math.min(firstMs * factor ** (retry - 1), capMs);
  return Math.floor(capped + capped * jitter * (random - 0.5));
}

/**
 * A passing trouble at the policy's own pace instead of the engine's: throw what this gives. `attempt` is the
 * engine's (0 is the first). An error that says itself how long to wait, or that no retry helps, stays as it is.
 */
export function paced(
  error: AppError,
  policy: RetryPolicyName,
  attempt: number,
  random = Math.random(),
): AppError {
  if (meaningOf(error.code).retry !== "retry" || error.retryAfterMs !== undefined) return error;
  const retryAfterMs = delayMs(policy, attempt + 1, random);
  return new AppError(error.code, error.message, { cause: error.cause, retryAfterMs });
}
