import { describe, expect, test } from "vitest";
import { admit, concurrencyOf, priorityOf, type RateState } from "./flow.ts";
import { type FunctionConfig, functionConfig } from "./protocol.ts";

const hour = 3_600_000;

function starts(rate: { limit: number; burst: number; periodMs: number }, times: number[]): number[] {
  let state: RateState | undefined;
  return times.filter((time) => {
    const result = admit(state, rate, time);
    if ("retryAt" in result) return false;
    state = result.state;
    return true;
  });
}

describe("the rate algorithm", () => {
  test("spreads starts evenly over the period", () => {
    const times = [0, 1, hour / 2 - 1, hour / 2, hour / 2 + 1, hour];
    expect(starts({ limit: 2, burst: 0, periodMs: hour }, times)).toEqual([0, hour / 2, hour]);
  });

  test("lets a burst pass at once, and then keeps the pace", () => {
    expect(starts({ limit: 10, burst: 1, periodMs: hour }, [0, 1, 2, hour / 10, hour / 10 + 1])).toEqual([
      0,
      1,
      hour / 10,
    ]);
  });

  test("says when the next start is allowed", () => {
    const first = admit(undefined, { limit: 1, burst: 0, periodMs: 1_000 }, 5);
    if (!("state" in first)) throw new Error("the first start must pass");
    expect(admit(first.state, { limit: 1, burst: 0, periodMs: 1_000 }, 6)).toEqual({ retryAt: 1_005 });
  });
});

const configured = (settings: object): FunctionConfig =>
  functionConfig.parse({
    id: "app-fn",
    triggers: [],
    steps: { step: { id: "step", name: "step", runtime: { type: "http", url: "http://app" } } },
    ...settings,
  });
const event = { id: "e", name: "go", ts: 1, data: { user: "ada", vip: true } };

test("a concurrency key in the account scope is shared by functions, and one without a scope is not", () => {
  const fn = configured({
    concurrency: [
      { limit: 2, key: "event.data.user" },
      { limit: 5, key: "event.data.user", scope: "account" },
    ],
  });
  expect(concurrencyOf(fn, event).map(({ key }) => key)).toEqual(["app-fn|=ada", "account|=ada"]);
});

test("a priority is in whole seconds, at most twelve hours, and 0 when it is no number", () => {
  expect(priorityOf(configured({ priority: { run: "event.data.vip ? 100 : 0" } }), event)).toBe(100);
  expect(priorityOf(configured({ priority: { run: "1000000" } }), event)).toBe(43_200);
  expect(priorityOf(configured({ priority: { run: "event.data.user" } }), event)).toBe(0);
});
