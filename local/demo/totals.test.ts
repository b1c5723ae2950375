import { expect, test } from "vitest";
import { totalsBetween } from "#demo/totals.ts";

test("a demo in a stack that ran before does not count earlier answers and alerts", () => {
  const before = { byStatus: { "200": 40, "429": 9 }, alerts: 14 };
  const after = { byStatus: { "200": 90, "429": 13, "503": 3 }, alerts: 16 };
  expect(totalsBetween(before, after)).toEqual({ byStatus: { "200": 50, "429": 4, "503": 3 }, alerts: 2 });
  expect(totalsBetween(after, after).alerts).toBe(0);
});
