import { expect, test } from "vitest";
import type { HistoryEntry } from "./documents.ts";
import { newRun } from "./runs.ts";
import { traceOf } from "./trace.ts";

const seconds = (date: string | undefined) => Date.parse(date ?? "") / 1000;

/** The start and end of each step, and of each of its tries, in seconds. */
function timesOf(history: HistoryEntry[]) {
  const run = newRun({
    id: "run",
    functionId: "app-fn",
    appId: "app",
    eventIds: ["e"],
    events: [],
    priority: 0,
    limits: [],
    queuedAt: 0,
  });
  const { rootSpan } = traceOf({ ...run, history, steps: { a: null, b: null } }, false);
  return Object.fromEntries(
    rootSpan.children.map((step) => [
      step.name,
      [step, ...step.children].map(({ startedAt, endedAt }) => [seconds(startedAt), seconds(endedAt)]),
    ]),
  );
}

test("a step that runs beside another begins with its own call, and its second try with its second call", () => {
  const times = timesOf([
    { at: 1_000, what: "called" },
    { at: 2_000, what: "called", stepId: "a" },
    { at: 2_000, what: "called", stepId: "b" },
    { at: 3_000, what: "step-completed", stepId: "b" },
    { at: 4_000, what: "called" },
    { at: 5_000, what: "step-errored", stepId: "a" },
    { at: 8_000, what: "called", stepId: "a" },
    { at: 9_000, what: "step-completed", stepId: "a" },
  ]);
  expect(times).toEqual({
    a: [
      [2, 9],
      [2, 5],
      [8, 9],
    ],
    b: [[2, 3]],
  });
});

test("of two steps that one call runs, the second begins when the first has ended", () => {
  const times = timesOf([
    { at: 1_000, what: "called" },
    { at: 3_000, what: "step-completed", stepId: "a" },
    { at: 7_000, what: "step-completed", stepId: "b" },
  ]);
  expect(times).toEqual({ a: [[1, 3]], b: [[3, 7]] });
});
