import { evaluate } from "@nightshift/local/engine/cel.ts";
import { describe, expect, test } from "vitest";
import { jobCancelRequested } from "#jobs/events.ts";
import { cancelOfParentJob, cancelOfThisJob, createFlowControl } from "#lib/engine/flow-control.ts";

describe("concurrency is clipped to what the plan really allows", () => {
  test.each([
    ["free", 10, 5],
    ["free", 3, 3],
    ["pro", 10, 10],
    ["pro", 500, 100],
  ] as const)("%s: %i → %i", (plan, wanted, limit) => {
    expect(createFlowControl(plan).concurrency(wanted)).toEqual({ limit });
  });

  test("a key stays", () => {
    expect(createFlowControl("pro").concurrency(10, "event.data.account")).toEqual({
      limit: 10,
      key: "event.data.account",
    });
  });
});

test("runs listen to the very event that a cancel sends", () => {
  for (const { event } of [...cancelOfThisJob, ...cancelOfParentJob])
    expect(event).toBe(jobCancelRequested.name);
});

describe("classes below", () => {
  const { priority, concurrency } = createFlowControl("pro").prioritized();
  const boost = (data: object) => Number(evaluate(priority.run, { data }));

  test("S4-51: the engine lines up by due time, as far as its ten minutes reach", () => {
    expect([1, 2, 3, 4, 5].map((priority) => boost({ priority }))).toEqual([599, 540, 300, 0, 0]);
    expect(boost({})).toBe(boost({ priority: 3 }));
  });

  test("T18: critical 50 at once, background 2, on a small plan what it allows", () => {
    expect(concurrency).toEqual({ limit: 50 });
    expect(createFlowControl("pro").background().concurrency).toEqual({ limit: 2 });
    expect(createFlowControl("free").prioritized().concurrency).toEqual({ limit: 5 });
    expect(createFlowControl("pro").prioritized(3).concurrency).toEqual({ limit: 3 });
  });
});
