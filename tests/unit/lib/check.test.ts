import { afterEach, expect, test, vi } from "vitest";
import { cachedCheck, problemOfStatus } from "#lib/check.ts";

afterEach(() => {
  vi.useRealTimers();
});

function clockAt(startMs = 0) {
  let nowMs = startMs;
  return { now: () => new Date(nowMs), turn: (ms: number) => (nowMs += ms) };
}

test("simultaneous checks make one request; a good answer is reused for 5 s, a bad one for half a second", async () => {
  const clock = clockAt();
  const found: (string | null)[] = [];
  const problem = vi.fn(async () => found.shift() ?? null);
  const check = cachedCheck({ name: "mail", problem }, clock);
  expect(await Promise.all([check.problem(), check.problem(), check.problem()])).toEqual([null, null, null]);
  clock.turn(4_999);
  await check.problem();
  expect(problem).toHaveBeenCalledTimes(1);

  found.push("The mail provider refuses our key");
  clock.turn(1);
  expect(await check.problem()).toBe("The mail provider refuses our key");
  clock.turn(499);
  expect(await check.problem()).toBe("The mail provider refuses our key");
  clock.turn(1);
  expect(await check.problem()).toBeNull();
});

test("a check is given up after 5 s, and an error's message is not shown", async () => {
  vi.useFakeTimers();
  const hanging = cachedCheck({ name: "engine", problem: () => new Promise(() => {}) }, clockAt()).problem();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await hanging).toBe("does not answer");

  const thrown = new TypeError("fetch failed: https://key@host");
  expect(await cachedCheck({ name: "x", problem: () => Promise.reject(thrown) }, clockAt()).problem()).toBe(
    "does not answer",
  );
});

test.each([
  [200, null],
  [404, null],
  [429, null],
  [401, "Resend refuses our key"],
  [403, "Resend refuses our key"],
  [500, "Resend does not answer"],
  [503, "Resend does not answer"],
])("a service that answers %i is reported as: %s", (status, problem) => {
  expect(problemOfStatus("Resend", "key", status)).toBe(problem);
});
