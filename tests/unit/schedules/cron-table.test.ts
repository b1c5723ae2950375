import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nextTick } from "@nightshift/local/engine/cron.ts";
import { expect, test } from "vitest";
import { slotsBetween } from "#lib/cron.ts";

const FROM = new Date("2026-11-28T23:59:30Z");
const TOMORROW = new Date("2026-11-30T00:00:00Z");
const NEW_YEAR = new Date("2027-01-01T00:00:00Z");

/** The first times after FROM (a Saturday), and how many there are: of frequent ones in a day, of others in 33 days. */
const TABLE: [cron: string, first: string[], count: number][] = [
  ["* * * * *", ["2026-11-29T00:00", "2026-11-29T00:01", "2026-11-29T00:02"], 1440 + 1],
  ["*/5 * * * *", ["2026-11-29T00:00", "2026-11-29T00:05", "2026-11-29T00:10"], 288 + 1],
  ["*/15 * * * *", ["2026-11-29T00:00", "2026-11-29T00:15", "2026-11-29T00:30"], 96 + 1],
  ["0 * * * *", ["2026-11-29T00:00", "2026-11-29T01:00", "2026-11-29T02:00"], 24 + 1],
  ["0 3 * * *", ["2026-11-29T03:00", "2026-11-30T03:00", "2026-12-01T03:00"], 33],
  ["0 0 * * 0", ["2026-11-29T00:00", "2026-12-06T00:00", "2026-12-13T00:00"], 5],
  ["0 0 1 * *", ["2026-12-01T00:00", "2027-01-01T00:00"], 2],
];

test.each(TABLE)(
  "S4-72: %s is due at the times of the documents' table, in product and engine",
  (cron, first, count) => {
    const slots = slotsBetween(
      { cron, timeZone: "UTC" },
      FROM,
      /^0 [03] /.test(cron) ? NEW_YEAR : TOMORROW,
      2_000,
    );
    expect(slots.slice(0, first.length).map(({ at }) => at.toISOString().slice(0, 16))).toEqual(first);
    expect(slots).toHaveLength(count);
    const ticks: string[] = [];
    for (let time: number | undefined = FROM.getTime(); ticks.length < first.length; ) {
      time = nextTick(cron, time ?? Number.NaN);
      ticks.push(new Date(time ?? Number.NaN).toISOString().slice(0, 16));
    }
    expect(ticks).toEqual(first);
    const docs = readFileSync(join(import.meta.dirname, "../../../docs/schedules.md"), "utf8");
    expect(docs).toContain(`| \`${cron}\` |`);
  },
);
