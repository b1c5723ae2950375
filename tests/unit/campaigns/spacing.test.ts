import { expect, test } from "vitest";
import { Spacing } from "#campaigns/spacing.ts";

const now = () => performance.now();
const gaps = (times: number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));

test("no call starts closer to the one before than the interval, also after one that was late", async () => {
  const spacing = new Spacing(20);
  const times: number[] = [];
  const call = async () => void times.push(now());
  await Promise.all([spacing.hold(call), spacing.hold(call), spacing.hold(call)]);
  const calls = [spacing.hold(call), spacing.hold(call), spacing.hold(call)];
  for (const until = now() + 50; now() < until; ); // a process that stands still: its timers ring one right after the other
  await Promise.all(calls);
  expect(times).toHaveLength(6);
  expect(Math.min(...gaps(times))).toBeGreaterThanOrEqual(20);
});

test("the second call follows the answer of the first, which had to open the connection", async () => {
  const spacing = new Spacing(20);
  let answeredAt = Number.NaN;
  const first = spacing.hold(async () => {
    await new Promise((resolve) => setTimeout(resolve, 40));
    answeredAt = now();
  });
  const second = spacing.hold(async () => now() - answeredAt);
  await first;
  expect(await second).toBeGreaterThanOrEqual(20);
});

test("an answer or a failure is the caller's own, and a failure keeps nobody", async () => {
  const spacing = new Spacing(1);
  const failed = spacing.hold(() => Promise.reject(new Error("refused")));
  const after = spacing.hold(async () => "taken");
  await expect(failed).rejects.toThrow("refused");
  expect(await after).toBe("taken");
});

test("without an interval calls start at once", () => {
  const spacing = new Spacing(0);
  let started = 0;
  for (let n = 0; n < 100; n++) void spacing.hold(async () => (started += 1));
  expect(started).toBe(100);
});
