import { expect, test } from "vitest";
import { delayAfter, SCHEDULE_NAMES, SCHEDULES } from "#deliveries/schedule.ts";

test("a delay is within 20 % of its schedule, and its random number decides where", () => {
  for (const name of SCHEDULE_NAMES) {
    for (const [n, delay] of SCHEDULES[name].entries()) {
      const at = (random: number) => (delayAfter(name, n + 1, random) ?? Number.NaN) / delay;
      expect([at(0), at(0.5), at(1)].map((share) => share.toFixed(3))).toEqual(["0.800", "1.000", "1.200"]);
    }
  }
});

test("after its last attempt a delivery has no delay, whatever the endpoint asks for", () => {
  expect(delayAfter("standard", 10, 0.5, 60_000)).toBeUndefined();
  expect(delayAfter("short", 6, 0.5, 60_000)).toBeUndefined();
});

test("an endpoint that asks for a longer wait gets it", () => {
  expect(delayAfter("standard", 1, 0.5, 60_000)).toBe(60_000);
  expect(delayAfter("standard", 2, 0.5, 60_000)).toBe(300_000);
});
