import { describe, expect, test } from "vitest";
import { delayMs, RETRY_POLICIES, type RetryPolicyName } from "#lib/engine/retry-policy.ts";

/** The policy's delays in seconds, without randomness. */
const delays = (policy: RetryPolicyName) =>
  Array.from({ length: RETRY_POLICIES[policy].retries }, (_, n) => (delayMs(policy, n + 1, 0.5) ?? 0) / 1000);

test.each<[string, RetryPolicyName, number[]]>([
  ["S4-33: e-mail, 5 exponential", "email", [10, 20, 40, 80, 160]],
  ["payment, 3 fixed at 30 s", "payment", [30, 30, 30]],
  ["report, 2 without a pause", "report", [0, 0]],
  ["webhook, 5 exponential", "webhook", [10, 20, 40, 80, 160]],
  ["data sync, 10 long exponential", "dataSync", [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]],
  ["image, 2 fixed at 10 s", "image", [10, 10]],
  ["S1-3: task, 2-4-8-16 s and the fifth failure is the last", "task", [2, 4, 8, 16]],
  ["external API, 2-4-8-16-32 s", "externalApi", [2, 4, 8, 16, 32]],
  ["registration, 3 retries", "registration", [10, 20, 40]],
  ["named job, 3 attempts from one second", "namedJob", [1, 2]],
  ["S4-34: a caller that is too fast waits a minute", "rateLimited", [60, 60, 60]],
  ["S4-71: a new function, 5 exponential", "standard", [10, 20, 40, 80, 160]],
])("%s", (_, policy, expected) => expect(delays(policy)).toEqual(expected));

describe("delayMs", () => {
  test.each(Object.keys(RETRY_POLICIES) as RetryPolicyName[])("%s gives up after its retries", (policy) => {
    expect(delayMs(policy, RETRY_POLICIES[policy].retries + 1, 0)).toBeUndefined();
  });

  test("S1-4: the random share of a delay is ±12.5 %", () => {
    expect(delayMs("task", 1, 0)).toBe(1750);
    expect(delayMs("task", 1, 0.5)).toBe(2000);
    expect(delayMs("task", 1, 0.999_999)).toBe(2249);
  });

  test.each(Object.keys(RETRY_POLICIES) as RetryPolicyName[])(
    "%s never waits longer than its maximum",
    (policy) => {
      const { retries, capMs, jitter } = RETRY_POLICIES[policy];
      for (let retry = 1; retry <= retries; retry++) {
        for (const random of [0, 0.25, 0.999_999]) {
          const delay = delayMs(policy, retry, random) ?? Number.NaN;
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(capMs * (1 + jitter / 2));
        }
      }
    },
  );
});
