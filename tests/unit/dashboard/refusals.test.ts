import { describe, expect, it } from "vitest";
import { Problem } from "#client/index.ts";
import { sortAnswers, withRefused } from "#dashboard/views/images/refusals.ts";
import type { Submission } from "#dashboard/views/images/submit.ts";

const now = Date.parse("2026-11-22T09:00:00Z");
const [a, b, c]: [Submission, Submission, Submission] = [
  { prompt: "a", priority: 3 },
  { prompt: "b", priority: 1 },
  { prompt: "c", priority: 3 },
];
const taken: PromiseSettledResult<unknown> = { status: "fulfilled", value: {} };
const refusedWith = (code: string, retryAfterMs?: number): PromiseSettledResult<unknown> => ({
  status: "rejected",
  reason: new Problem({ status: 503, code, detail: "Queue full", retryAfterMs }),
});

describe("S1-18: submissions that were refused by a full queue", () => {
  it("are kept until the latest of their retry times", () => {
    const answers = [taken, refusedWith("queue_full", 4000), refusedWith("too_many_requests", 9000)];
    expect(sortAnswers([a, b, c], answers, now)).toEqual({
      queued: 1,
      refused: { submissions: [b, c], untilMs: now + 9000 },
      failure: null,
    });
  });

  it("are sent again after five seconds when the answer has no retry time", () => {
    expect(sortAnswers([a], [refusedWith("queue_full")], now).refused?.untilMs).toBe(now + 5000);
  });

  it("are kept when more are refused or others are accepted", () => {
    const kept = { submissions: [a], untilMs: now };
    expect(withRefused(kept, null)).toBe(kept);
    expect(withRefused(null, kept)).toBe(kept);
    expect(withRefused(kept, { submissions: [b], untilMs: now + 1 })).toEqual({
      submissions: [a, b],
      untilMs: now + 1,
    });
  });

  it("do not include failures, of which the first is reported", () => {
    const [first, second] = [new Error("first"), new Error("second")];
    const answers = [first, second].map((reason) => ({ status: "rejected" as const, reason }));
    expect(sortAnswers([a, b], answers, now)).toEqual({
      queued: 0,
      refused: null,
      failure: { reason: first },
    });
  });
});
