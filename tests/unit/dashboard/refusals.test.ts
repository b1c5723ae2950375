import { describe, expect, it } from "vitest";
import { Problem } from "#client/index.ts";
import { sortAnswers } from "#dashboard/views/images/refusals.ts";

const now = Date.parse("2026-11-22T09:00:00Z");
const taken: PromiseSettledResult<unknown> = { status: "fulfilled", value: {} };
const refusedWith = (code: string, retryAfterMs?: number): PromiseSettledResult<unknown> => ({
  status: "rejected",
  reason: new Problem({ status: 503, code, detail: "Queue full", retryAfterMs }),
});

describe("S1-18: submissions that find the line full", () => {
  it("are kept until the latest of the times at which there is room", () => {
    const answers = [taken, refusedWith("queue_full", 4000), refusedWith("too_many_requests", 9000)];
    expect(sortAnswers(["a", "b", "c"], answers, now)).toEqual({
      queued: 1,
      refused: { prompts: ["b", "c"], untilMs: now + 9000 },
      failure: null,
    });
  });

  it("come back soon when nobody says when", () => {
    expect(sortAnswers(["a"], [refusedWith("queue_full")], now).refused?.untilMs).toBe(now + 5000);
  });

  it("are not confused with failures, of which the first is told", () => {
    const [first, second] = [new Error("first"), new Error("second")];
    const answers = [first, second].map((reason) => ({ status: "rejected" as const, reason }));
    expect(sortAnswers(["a", "b"], answers, now)).toEqual({
      queued: 0,
      refused: null,
      failure: { reason: first },
    });
  });
});
