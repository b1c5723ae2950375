import { expect, it } from "vitest";
import { isAtRest, progressOf, remainingMs, whyNoSends } from "#dashboard/views/campaigns/progress.ts";

const counts = { recipients: 200, pending: 90, sending: 10, sent: 94, failed: 3, skipped: 2, unknown: 1 };

it("the progress of a campaign counts all recipients with an outcome", () => {
  expect(progressOf({ counts })).toEqual({ done: 100, total: 200, percent: 50 });
  expect(progressOf({ counts: { ...counts, recipients: 0, pending: 0, sending: 0 } }).percent).toBe(0);
});

it("the remaining time is computed from the rate, and is unknown without one", () => {
  const sending = { status: "sending", counts, recipientsPerSecond: 50, waitingUntil: null } as const;
  expect(remainingMs(sending)).toBe(2000);
  expect(remainingMs({ ...sending, recipientsPerSecond: null })).toBeNull();
  expect(remainingMs({ ...sending, recipientsPerSecond: 0 })).toBeNull();
});

it("no remaining time is shown while nothing is sent", () => {
  const sending = { status: "sending", counts, recipientsPerSecond: 50, waitingUntil: null } as const;
  expect(remainingMs({ ...sending, status: "blocked" })).toBeNull();
  expect(remainingMs({ ...sending, waitingUntil: "2026-11-22T12:00:00Z" })).toBeNull();
});

it("the page polls only campaigns that are queued, being sent or blocked", () => {
  const all = ["draft", "queued", "sending", "blocked", "completed", "canceled", "failed"] as const;
  expect(all.filter((status) => !isAtRest(status))).toEqual(["queued", "sending", "blocked"]);
});

it("only a completed campaign without sends is said to have had no active subscribers", () => {
  const empty = (["queued", "paused", "blocked", "canceled", "failed", "completed"] as const).map(whyNoSends);
  expect(empty).toEqual([
    ...Array(3).fill("No sends are planned yet"),
    ...Array(2).fill("No sends were planned"),
    "Its list had no active subscribers",
  ]);
});
