import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSchedule } from "@nightshift/local/netlify/schedule.ts";
import { createSite } from "@nightshift/local/netlify/site.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "nightshift-schedule-"));
beforeEach(() => vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] }));
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

test("scheduled functions run by their cron in UTC, and get the time of the next run", async () => {
  writeFileSync(
    join(folder, "nightly.mjs"),
    `export default async (request) => { globalThis.fired((await request.json()).next_run); }; export const config = { schedule: "30 3 * * *" };`,
  );
  const fired = vi.fn();
  Object.assign(globalThis, { fired });
  vi.setSystemTime("2026-03-28T12:00:00Z");
  const site = createSite({ functionsDir: folder, publishDir: folder });
  await site.warmUp();
  const schedule = startSchedule(site);
  await vi.advanceTimersByTimeAsync(15.4 * 3_600_000);
  expect(fired).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(0.2 * 3_600_000);
  expect(fired.mock.calls).toEqual([["2026-03-30T03:30:00.000Z"]]);
  // The night in which the clocks change in Europe; UTC does not change.
  await vi.advanceTimersByTimeAsync(24 * 3_600_000);
  expect(fired.mock.calls[1]).toEqual(["2026-03-31T03:30:00.000Z"]);
  schedule.stop();
  await vi.advanceTimersByTimeAsync(48 * 3_600_000);
  expect(fired).toHaveBeenCalledTimes(2);
});
