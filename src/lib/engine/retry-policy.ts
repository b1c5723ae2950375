import { z } from "zod";

/**
 * All retry policies. Inngest itself knows only a number of retries and its own delays (15–45 s before the first
 * retry), so a policy's delay is sent as a RetryAfterError. A delay is the milliseconds before try `n + 1`. Failures
 * because of our own outages follow no policy.
 */
export type RetryPolicy = {
  /** Tries after the first one. */
  retries: number;
  /** Delay before the first retry. */
  firstMs: number;
  /** The factor between two delays; 1 gives a fixed delay. */
  factor: number;
  /** No delay is longer than this. */
  capMs: number;
  /** Width of the random part: 0.25 is ±12.5 %. */
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
  /** S4-35, S4-33: 5 retries, after about 10, 20, 40, 80 and 160 s. */
  email: exponential(5, 10 * SECOND, 10 * MINUTE),
  /** S4-35: payments are retried three times, every 30 s. */
  payment: fixed(3, 30 * SECOND),
  /** S4-35: two retries without delay, because a report is cheap to request again. */
  report: fixed(2, 0),
  /** S4-35: 5 retries, after about 10, 20, 40, 80 and 160 s. */
  webhook: exponential(5, 10 * SECOND, 10 * MINUTE),
  /** S4-35: 10 retries with long delays, from a minute to an hour. */
  dataSync: exponential(10, MINUTE, HOUR),
  /** S4-35: two retries, each after 10 s. */
  image: fixed(2, 10 * SECOND),
  /** S1-3, S1-4: retries after 2, 4, 8 and 16 s; the fifth failure is final. At most 60 s, ±12.5 %. */
  task: exponential(4, 2 * SECOND, MINUTE),
  /**
   * S2-10: five retries, after 2, 4, 8, 16 and 32 s. The source documents' limit of 10 minutes for a delay would apply
   * only to a ninth retry.
   */
  externalApi: exponential(5, 2 * SECOND, 10 * MINUTE, 0),
  /** S2-6: three retries of a welcome mail, after about 10, 20 and 40 s. */
  registration: exponential(3, 10 * SECOND, 10 * MINUTE),
  /** S3-7: 3 attempts, with exponential delays from one second. */
  namedJob: exponential(2, SECOND, MINUTE, 0),
  /** S4-34: after a provider's 429 the next try waits a minute. */
  rateLimited: fixed(3, MINUTE),
  /** S4-71: the policy of a new function: five retries, after about 10, 20, 40, 80 and 160 s. */
  standard: exponential(5, 10 * SECOND, 10 * MINUTE),
  /** The policy of `catch-failures`: as many retries as the engine allows. */
  net: exponential(20, 10 * SECOND, HOUR),
} as const satisfies Record<string, RetryPolicy>;

export type RetryPolicyName = keyof typeof RETRY_POLICIES;

/**
 * The delay before retry number `retry` (1 is the first); undefined when the policy allows no more retries. `random` is
 * in [0, 1).
 */
export function delayMs(policy: RetryPolicyName, retry: number, random: number): number | undefined {
  const { retries, firstMs, factor, capMs, jitter }: RetryPolicy = RETRY_POLICIES[policy];
  if (retry < 1 || retry > retries) return undefined;
  const capped = Math.min(firstMs * factor ** (retry - 1), capMs);
  return Math.floor(capped + capped * jitter * (random - 0.5));
}

/**
 * The most retries that Inngest allows, over hours with Inngest's own delays. These retries are for our own outages and
 * crashes.
 */
export const ENGINE_RETRIES = 20;

/**
 * The options of a function that concern its tries: `...tries("report")`. The policy counts failures of the work itself
 * and of providers (`failed-tries.ts`). An outage of our database, Storage or processes uses no tries of the policy.
 */
export const tries = (policy: RetryPolicyName) => ({ retries: ENGINE_RETRIES, policy }) as const;

const optionsWithPolicy = z.looseObject({ policy: z.string().refine(isPolicy) });

/** The policy that a function's options name. */
export const policyOf = (options: unknown): RetryPolicyName | undefined =>
  optionsWithPolicy.safeParse(options).data?.policy;

function isPolicy(name: string): name is RetryPolicyName {
  return Object.hasOwn(RETRY_POLICIES, name);
}
