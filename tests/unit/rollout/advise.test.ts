import { expect, test } from "vitest";
import { advise, type WayResult } from "#rollout/advise.ts";

const way = (changes: Partial<WayResult> = {}): WayResult => ({
  decided: 100,
  ended: 100,
  failed: 0,
  handedOver: 0,
  p50Ms: 10,
  p95Ms: 20,
  ...changes,
});
const next = (percentage: number, queue: WayResult, sync = way(), isOn = true) => {
  const { next, percentage: to } = advise({ isOn, percentage }, { queue, sync });
  return [next, to];
};

test("S4-66: a rollout goes on in steps from 10 % to 100 %, and then the flag is deleted", () => {
  expect([0, 10, 25, 50].map((percentage) => next(percentage, way())[1])).toEqual([10, 25, 50, 100]);
  expect(next(100, way())).toEqual(["finish", null]);
});

test("it waits until enough has ended by the queue, and while the flag is off", () => {
  expect(next(10, way({ ended: 19 }))).toEqual(["wait", null]);
  expect(next(10, way({ ended: 20 }))).toEqual(["go_on", 25]);
  expect(next(10, way(), way(), false)).toEqual(["wait", null]);
});

test("it turns back when more fails by the queue than by the old way, even before enough has ended", () => {
  expect(next(10, way({ failed: 2 }))).toEqual(["turn_back", null]);
  expect(next(10, way({ ended: 10, failed: 2 }))).toEqual(["turn_back", null]);
  expect(next(10, way({ failed: 3 }), way({ failed: 2 }))).toEqual(["go_on", 25]);
  // What the queue had to finish for a request is a failure of the old way.
  expect(next(10, way({ failed: 3 }), way({ handedOver: 2 }))).toEqual(["go_on", 25]);
  expect(next(10, way({ ended: 10, failed: 1 }))).toEqual(["wait", null]);
});
