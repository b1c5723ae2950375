import { evaluate } from "@nightshift/local/engine/cel.ts";
import { describe, expect, test } from "vitest";
import { jobCancelRequested } from "#jobs/events.ts";
import { cancelOfParentJob, createFlowControl } from "#lib/engine/flow-control.ts";

describe("concurrency is limited by the plan", () => {
  test.each([
    ["free", 10, 5],
    ["free", 3, 3],
    ["pro", 10, 10],
    ["pro", 500, 100],
  ] as const)("%s: %i → %i", (plan, wanted, limit) => {
    expect(createFlowControl(plan).concurrency(wanted)).toEqual({ limit });
  });

  test("the concurrency key is kept", () => {
    expect(createFlowControl("pro").concurrency(10, "event.data.account")).toEqual({
      limit: 10,
      key: "event.data.account",
    });
  });
});

test("the cancel rules of runs use the event that a cancel sends", () => {
  for (const { event } of cancelOfParentJob("walk")) expect(event).toBe(jobCancelRequested.name);
});

describe("priorities", () => {
  const { priority, concurrency } = createFlowControl("pro").prioritized();
  const boost = (data: object) => Number(evaluate(priority.run, { data }));

  test("S4-51: a higher priority gains up to ten minutes in the engine's queue, by its due time", () => {
    expect([1, 2, 3, 4, 5].map((priority) => boost({ priority }))).toEqual([599, 540, 300, 0, 0]);
    expect(boost({})).toBe(boost({ priority: 3 }));
  });

  test("T18: concurrency is 50 for critical work and 2 for background work, within the plan's limit", () => {
    expect(concurrency).toEqual({ limit: 50 });
    expect(createFlowControl("pro").background().concurrency).toEqual({ limit: 2 });
    expect(createFlowControl("free").prioritized().concurrency).toEqual({ limit: 5 });
    expect(createFlowControl("pro").prioritized(3).concurrency).toEqual({ limit: 3 });
  });
});
