import { nextTick } from "@nightshift/local/engine/cron.ts";
import { expect, test } from "vitest";
import { offsetOf, slotBefore, slotsBetween } from "#lib/cron.ts";
import { changesIn, oracle } from "./support/oracle.ts";

/**
 * Every cron time around a change of the clocks, against an oracle that knows no cron library. `CRON_CASES=all` takes
 * every zone, every change of ten years and every expression, for some minutes; otherwise a sample, drawn by a seed.
 */
const ALL = process.env["CRON_CASES"] === "all";
const SAMPLE = 2_000;

const EXPRESSIONS = [
  ..."0 0 * * *|0 1 * * *|30 1 * * *|0 2 * * *|15 2 * * *|30 2 * * *|59 2 * * *|0 3 * * *|30 3 * * *|0 9 * * *".split(
    "|",
  ),
  ..."59 23 * * *|45 23 * * *|30 0 * * *|1 0 * * *|15,45 2 * * *|0,30 1,2,3 * * *|30 2,14 * * *|0-10 2 * * *|0 1-4 * * *|10-20 0-3 * * *".split(
    "|",
  ),
  ..."*/5 * * * *|*/15 * * * *|*/30 * * * *|0 * * * *|30 * * * *|45 * * * *|0 */2 * * *|30 */3 * * *|*/20 2 * * *|*/10 1-3 * * *".split(
    "|",
  ),
  ..."* 2 * * *|5 0-23/2 * * *|0-59/7 3 * * *|0 */6 * * *|15 */12 * * *|30 2 * * 0|30 2 * * sun|0 3 * * mon|0 9 * * 1-5|0 0 * * 6,0".split(
    "|",
  ),
  ..."0 2 1 * *|30 2 29 * *|0 2 29 3 *|30 1 25 10 *|0 0 1 1 *|0 2 8 mar *|30 2 13 * 5|0 1 1-7 * sun|0 3 * mar,oct,nov sun|*/30 2 * 3-4 *".split(
    "|",
  ),
] as const;
const YEARS = Array.from({ length: 10 }, (_, n) => 2026 + n);
const ZONES = Intl.supportedValuesOf("timeZone");
const HOUR = 3_600_000;
const WINDOW = 5 * HOUR;

/** Numbers in [0, 1), the same in every run (mulberry32). */
function randomNumbers(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A zone whose clocks do not change is asked about one day of the year. */
const momentsOf = (zone: string, year: number): number[] => {
  const changes = changesIn(zone, year);
  return changes.length > 0 ? changes : [Date.UTC(year, 5, 1)];
};

/** Zones whose clocks change alike at the same moment are one case. */
const changeAt = (moment: number, zone: string): string =>
  [moment - 60_000, moment].map((time) => offsetOf(new Date(time), zone).text).join() + moment;

function* cases(): Generator<{ zone: string; moment: number; expression: string }> {
  if (ALL) {
    const known = new Set<string>();
    for (const zone of ZONES)
      for (const year of YEARS)
        for (const moment of momentsOf(zone, year)) {
          const change = changeAt(moment, zone);
          if (known.has(change)) continue;
          known.add(change);
          for (const expression of EXPRESSIONS) yield { zone, moment, expression };
        }
    return;
  }
  const random = randomNumbers(14);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  for (let count = 0; count < SAMPLE; ) {
    const [zone, year] = [pick(ZONES), pick(YEARS)];
    const moments = momentsOf(zone, year);
    // Zones without changes are many, and teach little.
    if (moments.length === 1 && random() < 0.9) continue;
    for (let n = 0; n < 4; n++, count++) yield { zone, moment: pick(moments), expression: pick(EXPRESSIONS) };
  }
}

const within = (moment: number) => (time: number) => time > moment - WINDOW && time <= moment + WINDOW;

function productSlots(expression: string, zone: string, moment: number): number[] {
  const times = { cron: expression, timeZone: zone };
  return slotsBetween(times, new Date(moment - WINDOW), new Date(moment + WINDOW), 10_000).map(({ at }) =>
    at.getTime(),
  );
}

function engineTicks(expression: string, zone: string, moment: number): number[] {
  const ticks: number[] = [];
  let time = nextTick(`TZ=${zone} ${expression}`, moment - WINDOW);
  while (time !== undefined && time <= moment + WINDOW) {
    ticks.push(time);
    time = nextTick(`TZ=${zone} ${expression}`, time);
  }
  return ticks;
}

const text = (times: readonly number[]) =>
  times.map((time) => new Date(time).toISOString().slice(0, 16)).join(" ");

test("a fixed time in a gap that ends at midnight happens at midnight", () => {
  const [zone, gap] = ["America/Nuuk", Date.UTC(2026, 2, 29, 1)];
  for (const expression of ["59 23 * * *", "30 23 28 3 *", "0,30 23 * * 6"])
    expect(text(productSlots(expression, zone, gap).filter(within(gap)))).toBe("2026-03-29T01:00");
  const nightly = { cron: "59 23 * * *", timeZone: zone };
  expect(slotBefore(nightly, new Date(gap + 1))).toEqual(new Date(gap));
  expect(slotBefore(nightly, new Date(gap))).toEqual(new Date("2026-03-28T01:59:00Z"));
});

test(
  "cron times around changes of the clocks are those of the oracle, in the product and in the local engine",
  () => {
    let count = 0;
    for (const { zone, moment, expression } of cases()) {
      count++;
      const about = `${expression} in ${zone} around ${new Date(moment).toISOString()}`;
      const slots = oracle(expression, zone, moment, "fixed times once").filter(within(moment));
      expect(`${about}: ${text(productSlots(expression, zone, moment))}`).toBe(`${about}: ${text(slots)}`);
      // The engine is slower: every fifth case.
      if (count % 5 !== 0) continue;
      const ticks = oracle(expression, zone, moment, "every match").filter(within(moment));
      expect(`${about}: ${text(engineTicks(expression, zone, moment))}`).toBe(`${about}: ${text(ticks)}`);
    }
    expect(EXPRESSIONS).toHaveLength(50);
    expect(count).toBeGreaterThanOrEqual(SAMPLE);
  },
  6 * HOUR,
);
