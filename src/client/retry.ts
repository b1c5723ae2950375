import { Problem } from "./problem.ts";

/** How to wait and how to get random numbers; tests replace both. */
export type Timing = { sleep(ms: number, signal?: AbortSignal): Promise<void>; random(): number };

export const realTiming: Timing = {
  /** Resolves early, without an error, when the signal is aborted. The caller checks the signal afterwards. */
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener("abort", wake);
    }),
  random: Math.random,
};

const RETRIES = 5;
/**
 * The client obeys a `Retry-After` of at most one hour. A timer of JavaScript fires at once when its delay is longer than
 * 24 days.
 */
export const MOST_WAIT_MS = 60 * 60_000;
const CAP_MS = 30_000;

/**
 * 1, 2, 4, 8, 16 s, at most 30 s, plus up to a random second, so that clients that failed together do not retry
 * together.
 */
export const backoffMs = (retry: number, random: number): number =>
  Math.min(1000 * 2 ** retry, CAP_MS) + Math.floor(random * 1000);

/**
 * Tries again after temporary failures, five times: after `Retry-After`, or else after `backoffMs`. Throws the failure
 * at once when its `Retry-After` is longer than `MOST_WAIT_MS`; the failure says in `retryAfterMs` how long.
 */
export async function withRetries<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
  { sleep, random }: Timing,
): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Problem && error.isPassing) || retry === RETRIES) throw error;
      const waitMs = error.retryAfterMs ?? backoffMs(retry, random());
      if (waitMs > MOST_WAIT_MS) throw error;
      await sleep(waitMs, signal);
      signal?.throwIfAborted();
    }
  }
}
