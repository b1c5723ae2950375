import { describe, expect, test } from "vitest";
import { jobCancelRequested } from "#jobs/events.ts";
import { cancelOfParentJob, cancelOfThisJob, createFlowControl } from "#lib/flow-control.ts";

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
