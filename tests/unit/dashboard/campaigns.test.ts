import { expect, it } from "vitest";
import { isAtRest, progressOf, remainingMs } from "#dashboard/views/campaigns/progress.ts";

const counts = { recipients: 200, pending: 90, sending: 10, sent: 94, failed: 3, skipped: 2, unknown: 1 };

it("a campaign is as far as its recipients are settled, whatever became of them", () => {
  expect(progressOf({ counts })).toEqual({ done: 100, total: 200, percent: 50 });
  expect(progressOf({ counts: { ...counts, recipients: 0, pending: 0, sending: 0 } }).percent).toBe(0);
});

it("the remaining time follows from the rate, and is unknown without one", () => {
  const sending = { status: "sending", counts, recipientsPerSecond: 50, waitingUntil: null } as const;
  expect(remainingMs(sending)).toBe(2000);
  expect(remainingMs({ ...sending, recipientsPerSecond: null })).toBeNull();
  expect(remainingMs({ ...sending, recipientsPerSecond: 0 })).toBeNull();
});

it("no time is left to be told while nothing is sent", () => {
  const sending = { status: "sending", counts, recipientsPerSecond: 50, waitingUntil: null } as const;
  expect(remainingMs({ ...sending, status: "blocked" })).toBeNull();
  expect(remainingMs({ ...sending, waitingUntil: "2026-11-22T12:00:00Z" })).toBeNull();
});

it("only what is queued, being sent or blocked is asked for again and again", () => {
  const all = ["draft", "queued", "sending", "blocked", "completed", "canceled", "failed"] as const;
  expect(all.filter((status) => !isAtRest(status))).toEqual(["queued", "sending", "blocked"]);
});
