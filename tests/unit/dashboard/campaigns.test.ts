import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { Progress } from "#dashboard/components/progress.tsx";
import { isAtRest, progressOf, remainingMs, whyNoSends } from "#dashboard/views/campaigns/progress.ts";

const counts = { recipients: 200, pending: 90, sending: 10, sent: 94, failed: 3, skipped: 2, unknown: 1 };

it("the progress of a campaign counts all recipients with an outcome", () => {
  expect(progressOf({ status: "sending", counts })).toEqual({ done: 100, total: 200, percent: 50 });
});

it("a campaign without recipients is at 0 % until it has completed, and its bar shows the same", () => {
  const empty = { ...counts, recipients: 0, pending: 0, sending: 0 };
  const shown = (["queued", "sending", "canceled", "completed"] as const).map((status) => {
    const progress = progressOf({ status, counts: empty });
    const page = renderToStaticMarkup(createElement(Progress, { progress }));
    return `${progress.percent} %, ${/<progress max="\d+" value="[\d.]+"/.exec(page)?.[0]}`;
  });
  expect(shown).toEqual([
    ...Array(3).fill('0 %, <progress max="1" value="0"'),
    '100 %, <progress max="1" value="1"',
  ]);
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
