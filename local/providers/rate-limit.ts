/**
 * Limits requests per second in a sliding window, as Resend does for a team. The number of mails in a batch does not
 * matter.
 */
export type RateLimit = {
  /** Counts the request if the window has room. Otherwise `freeInMs` is the time until the window has room. */
  take(nowMs: number): { allowed: true; remaining: number } | { allowed: false; freeInMs: number };
};

const windowMs = 1000;

export function slidingWindow(requestsPerSecond: number): RateLimit {
  const taken: number[] = [];
  return {
    take(nowMs) {
      while (taken[0] !== undefined && taken[0] <= nowMs - windowMs) taken.shift();
      const oldest = taken[0];
      if (oldest !== undefined && taken.length >= requestsPerSecond) {
        return { allowed: false, freeInMs: oldest + windowMs - nowMs };
      }
      taken.push(nowMs);
      return { allowed: true, remaining: Math.max(0, requestsPerSecond - taken.length) };
    },
  };
}
