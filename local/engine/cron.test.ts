import { describe, expect, test } from "vitest";
import { cronError, nextTick } from "./cron.ts";

const ticks = (expression: string, after: string, count: number): string[] => {
  const found: string[] = [];
  for (let time = Date.parse(after); found.length < count; ) {
    time = nextTick(expression, time) ?? Number.NaN;
    found.push(new Date(time).toISOString().slice(5, 16));
  }
  return found;
};

// All expected values come from github.com/robfig/cron/v3, the server's library.
describe("the next times of a cron", () => {
  test.each([
    [
      "a day without a 2:30 in spring has no tick",
      "TZ=Europe/Berlin 30 2 * * *",
      "2026-03-28T12:00:00Z",
      ["03-30T00:30", "03-31T00:30"],
    ],
    [
      "a day with two in autumn has two",
      "TZ=Europe/Berlin 30 2 * * *",
      "2026-10-24T12:00:00Z",
      ["10-25T00:30", "10-25T01:30", "10-26T01:30"],
    ],
    [
      "the end of the gap ticks once",
      "TZ=Europe/Berlin 0 3 * * *",
      "2026-03-28T12:00:00Z",
      ["03-29T01:00", "03-30T01:00"],
    ],
    [
      "every hour stays every hour",
      "TZ=Europe/Berlin 30 * * * *",
      "2026-10-24T23:30:00Z",
      ["10-25T00:30", "10-25T01:30", "10-25T02:30"],
    ],
    [
      "every two hours of the wall",
      "TZ=Europe/Berlin 0 */2 * * *",
      "2026-10-24T23:30:00Z",
      ["10-25T00:00", "10-25T01:00", "10-25T03:00"],
    ],
    [
      "midnight that is skipped",
      "TZ=America/Santiago 0 0 * * *",
      "2026-09-05T12:00:00Z",
      ["09-07T03:00", "09-08T03:00"],
    ],
    [
      "day of month or day of week",
      "0 0 13 * 5",
      "2026-09-05T12:00:00Z",
      ["09-11T00:00", "09-13T00:00", "09-18T00:00"],
    ],
    ["five minutes", "*/5 * * * *", "2026-03-28T12:00:00Z", ["03-28T12:05", "03-28T12:10"]],
  ])("%s", (_, expression, after, expected) => {
    expect(ticks(expression, after, expected.length)).toEqual(expected);
  });

  test("an impossible cron is refused with a reason", () => {
    expect(cronError("61 * * * *")).toBeDefined();
    expect(cronError("TZ=Mars/Olympus 0 0 * * *")).toMatch(/Mars/);
    // The server accepts a day that does not exist, and so does this engine: such a cron never ticks.
    expect(cronError("0 0 30 2 *")).toBeUndefined();
    expect(nextTick("0 0 30 2 *", 0)).toBeUndefined();
    expect(cronError("0 0 * * 7")).toContain("above maximum (6)");
    expect(cronError("0 0 0 * * *")).toContain("expected 5 fields");
    expect(cronError("TZ=UTC 0 3 * * *")).toBeUndefined();
    for (const refused of [
      "@daily",
      "@hourly",
      "0 1 L * *",
      "0 1 15W * *",
      "0 0 * * 5#2",
      "0 0 ? * *",
      "5/15 * * * *",
    ])
      expect([refused, cronError(refused)]).toEqual([
        refused,
        expect.stringMatching(/not modelled|5 fields/),
      ]);
  });
});
