import { expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { clockWarnings, nextSlots } from "#schedules/preview.ts";

const now = new Date("2026-01-15T12:00:00Z");
const warnings = (cron: string, timeZone = "Europe/Berlin") => clockWarnings({ cron, timeZone }, now);

test("excluded days are missing from the next local times", () => {
  const times = { cron: "0 9 * * *", timeZone: "Europe/Berlin", excludedDays: ["01-17"] };
  expect(nextSlots(times, now, 3).map(({ local }) => local)).toEqual([
    "2026-01-16T09:00+01:00",
    "2026-01-18T09:00+01:00",
    "2026-01-19T09:00+01:00",
  ]);
});

test("a time in an hour that is skipped or repeated causes a warning", () => {
  expect(warnings("30 2 * * *")).toEqual([
    "On 2026-03-29 the time from 02:00 to 03:00 does not exist: what is due in it fires at 03:00 instead.",
    "On 2026-10-25 the time from 02:00 to 03:00 comes twice: what is due in it fires the first time only.",
  ]);
  expect(warnings("*/15 2 * * *")).toEqual([
    "On 2026-03-29 the time from 02:00 to 03:00 does not exist: what is due in it does not fire.",
    "On 2026-10-25 the time from 02:00 to 03:00 comes twice: what is due in it fires both times.",
  ]);
  expect(warnings("0 0 * * *", "America/Santiago")[0]).toContain(
    "On 2026-09-06 the time from 00:00 to 01:00 does not exist: what is due in it fires at 01:00",
  );
  expect(warnings("45 1 * * *", "Australia/Lord_Howe")[0]).toContain("from 01:30 to 02:00 comes twice");
});

test("a time in other hours causes no warning", () => {
  expect(warnings("0 9 * * *")).toEqual([]);
  expect(warnings("*/15 * * * *", "UTC")).toEqual([]);
  expect(warnings("30 2 * * 1")).toEqual([]);
});

test.each([
  ["* * * * * *", "UTC"],
  ["61 * * * *", "UTC"],
  ["0 9 * * *", "Mars/Olympus"],
])("refuses %s in %s", (cron, timeZone) => {
  expect(() => clockWarnings({ cron, timeZone }, now)).toThrow(AppError);
});
