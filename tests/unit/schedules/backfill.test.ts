import { expect, test } from "vitest";
import { slotsOf } from "#schedules/backfill.ts";

test("a backfill has the slot at its beginning, and not the one at its end", () => {
  const period = { from: "2026-01-01T09:00:00Z", to: "2026-01-03T09:00:00Z" };
  const slots = slotsOf({ cron: "0 9 * * *", timeZone: "UTC", ...period });
  expect(slots.map(({ local }) => local)).toEqual(["2026-01-01T09:00+00:00", "2026-01-02T09:00+00:00"]);
});

test("a backfill has at most 1,000 slots", () => {
  const period = { from: "2026-01-01T00:00:00Z", to: "2026-02-11T16:00:00Z" };
  expect(slotsOf({ cron: "0 * * * *", timeZone: "UTC", ...period })).toHaveLength(1_000);
  const longer = { ...period, to: "2026-02-11T17:00:00Z" };
  expect(() => slotsOf({ cron: "0 * * * *", timeZone: "UTC", ...longer })).toThrow("more than 1000 slots");
});
