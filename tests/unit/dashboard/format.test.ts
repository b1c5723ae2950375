import { describe, expect, it } from "vitest";
import {
  ago,
  brief,
  clock,
  count,
  exact,
  lasting,
  lastMinutes,
  rate,
  share,
  short,
  withStop,
} from "#dashboard/format.ts";

const now = Date.parse("2026-11-22T12:00:00Z");
const before = (seconds: number) => ago(new Date(now - seconds * 1000).toISOString(), now);

describe("the page's numbers and times", () => {
  it.each([
    [0, "now"],
    [5, "5 seconds ago"],
    [-3, "in 3 seconds"],
    [61, "1 minute ago"],
    [7_200, "2 hours ago"],
    [59.7, "1 minute ago"],
    [3_599, "1 hour ago"],
    [86_300, "1 day ago"],
    [90_000, "1 day ago"],
  ])("%s seconds ago are shown as: %s", (seconds, words) => expect(before(seconds)).toBe(words));

  it.each([
    [60, "in the last hour"],
    [59, "in the last 59 minutes"],
    [1, "in this minute"],
  ])("the time of %s minutes is called: %s", (minutes, words) => expect(lastMinutes(minutes)).toBe(words));

  it.each([
    [0, "0 ms"],
    [850, "850 ms"],
    [4_230, "4.2 s"],
    [9_960, "10 s"],
    [59_700, "1 min"],
    [61_000, "1 min 1 s"],
    [3_599_800, "1 h"],
    [5_460_000, "1 h 31 min"],
    [90_000_000, "1 d 1 h"],
    [-5, "0 ms"],
  ])("a duration of %s ms is shown as %s", (ms, words) => expect(lasting(ms)).toBe(words));

  it.each([
    [7_400, "0:08"],
    [60_000, "1:00"],
    [3_661_000, "1:01:01"],
    [-1, "0:00"],
  ])("a countdown of %s ms shows %s: zero means now", (ms, words) => expect(clock(ms)).toBe(words));

  it.each([
    [0, "0 %"],
    [0.0131, "1.3 %"],
    [0.5, "50 %"],
    [0.99949, "99.9 %"],
    [0.99999, "99.9 %"],
    [1, "100 %"],
  ])("a share of %s is %s: a little is not shown as 0 %, almost all not as 100 %", (value, words) =>
    expect(share(value)).toBe(words),
  );

  it("large numbers are grouped, and shortened where space is limited", () => {
    expect(count(1_234_567)).toBe("1,234,567");
    expect([short(9_999), short(12_345)]).toEqual(["9,999", "12.3K"]);
    expect([0.42, 7.5, 1_234.6].map(rate)).toEqual(["0.4", "7.5", "1,235"]);
  });

  it("long text is cut after its beginning", () => {
    expect(brief("A fox")).toBe("A fox");
    expect(brief("A fox and ".repeat(20))).toHaveLength(80);
  });

  it("an exact time includes its time zone", () => {
    expect(exact("2026-11-22T09:34:09Z")).toMatch(/^Nov 2\d, 2026, \d\d:\d\d:09 (UTC|GMT|[A-Z]+)/);
  });

  it.each([
    ["Job not found", "Job not found."],
    ["Really?", "Really?"],
    ["Done.", "Done."],
  ])("%s, before another sentence, is %s", (sentence, stopped) => expect(withStop(sentence)).toBe(stopped));
});
