import { afterEach, expect, test } from "vitest";
import { everythingOn } from "../support/everything-on.ts";

let house: Awaited<ReturnType<typeof everythingOn>>;
afterEach(() => house.close());

/** Each day costs the same, and the month's archive comes on the first one, so a few days show what 30 use. */
const DAYS = Number(process.env["IDLE_DAYS"] ?? 8);

test("an installation without work, with everything on, uses fewer than 2,000 executions a month", async () => {
  house = await everythingOn({ start: new Date("2026-11-01T00:00:00Z") });
  await house.app.keepHouse();
  await house.engine.idle();
  const begun = house.engine.usage().executions;
  // On the free plan nothing that costs an execution comes more often than every hour, so that one visit of
  // housekeeping stands for the twelve of an hour. `unfired` would name a schedule for which this is too seldom.
  for (let hour = 0; hour < DAYS * 24; hour++) await house.hour();

  expect(await house.unfired()).toEqual([]);
  const ran = await house.rows(
    "select function_id, status, count(*)::int as jobs from jobs group by 1, 2 order by 1",
  );
  expect(Object.fromEntries(ran.map((row) => [`${row.function_id} ${row.status}`, row.jobs]))).toEqual({
    // On the first day, when there was no past month.
    "archive-ledger completed": 1,
    "check-webhook-gaps completed": DAYS * 8,
    "generate-sitemap completed": DAYS,
    // The ledger keeps those of nine days; the first one ran before the first hour.
    "run-canary completed": DAYS * 24 + 1,
    "send-daily-report completed": DAYS,
    "sync-github-metrics completed": DAYS * 8,
  });
  const executions = house.engine.usage().executions - begun;
  // A run and each of its steps: a canary has none, a report two, the others one when there is nothing to do.
  expect(executions).toBe(DAYS * (24 + 3 + 2 * (1 + 8 + 8)) + 2);
  expect((30 * executions) / DAYS).toBeLessThan(2_000);
  expect(await house.slack()).toHaveLength(DAYS);
}, 400_000);
