import { expect, it } from "vitest";
import { isAtRest, progressOf, remainingMs } from "#dashboard/views/campaigns/progress.ts";

const counts = { recipients: 200, pending: 90, sending: 10, sent: 94, failed: 3, skipped: 2, unknown: 1 };

it("a campaign is as far as its recipients are settled, whatever became of them", () => {
  expect(progressOf({ counts })).toEqual({ done: 100, total: 200, percent: 50 });
  expect(progressOf({ counts: { ...counts, recipients: 0, pending: 0, sending: 0 } }).percent).toBe(0);
});

it("the rest takes as long as its rate says, and nobody knows without one", () => {
  expect(remainingMs({ counts, recipientsPerSecond: 50 })).toBe(2000);
  expect([null, 0].map((recipientsPerSecond) => remainingMs({ counts, recipientsPerSecond }))).toEqual([
    null,
    null,
  ]);
});

it("only what is queued or being sent is asked for again and again", () => {
  const all = ["draft", "queued", "sending", "completed", "canceled", "failed"] as const;
  expect(all.filter((status) => !isAtRest(status))).toEqual(["queued", "sending"]);
});
