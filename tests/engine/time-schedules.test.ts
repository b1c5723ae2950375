/** These tests need a virtual clock, so they run only on the test kit. */
import { cron } from "inngest";
import { expect, test } from "vitest";
import { freshDatabase } from "../support/database.ts";
import { startKitApp } from "./support/kit-app.ts";

/** Starts an app with one schedule, and returns the times at which it ran during `duration`. */
async function ticks(schedule: string, start: string, duration: string): Promise<string[]> {
  const seen: string[] = [];
  const { engine } = await startKitApp(
    (inngest) => [
      inngest.createFunction({ id: "tick", retries: 0, triggers: [cron(schedule)] }, ({ event }) => {
        seen.push(String((event.data as { fireAt?: string }).fireAt));
      }),
    ],
    { start: new Date(start) },
  );
  await engine.advance(duration);
  await engine.close();
  return seen;
}

test("a schedule without a time zone is in UTC", async () => {
  expect(await ticks("0 3 * * *", "2026-06-01T00:00:00Z", "3d")).toEqual([
    "2026-06-01T03:00:00Z",
    "2026-06-02T03:00:00Z",
    "2026-06-03T03:00:00Z",
  ]);
});

test("a schedule with TZ= follows the local time of its zone", async () => {
  expect(await ticks("TZ=Asia/Kolkata 30 9 * * MON-FRI", "2026-06-05T00:00:00Z", "4d")).toEqual([
    "2026-06-05T04:00:00Z",
    "2026-06-08T04:00:00Z",
  ]);
});

test("in spring a time that the clock skips does not occur that day", async () => {
  expect(await ticks("TZ=Europe/Berlin 30 2 * * *", "2026-03-27T12:00:00Z", "4d")).toEqual([
    "2026-03-28T01:30:00Z",
    "2026-03-30T00:30:00Z",
    "2026-03-31T00:30:00Z",
  ]);
});

test("in autumn a time that the clock repeats occurs twice", async () => {
  expect(await ticks("TZ=America/New_York 30 1 * * *", "2026-10-31T12:00:00Z", "2d")).toEqual([
    "2026-11-01T05:30:00Z",
    "2026-11-01T06:30:00Z",
    "2026-11-02T06:30:00Z",
  ]);
});

test.each([
  ["spring", "2026-03-28T23:30:00Z"],
  ["autumn", "2026-10-24T23:30:00Z"],
])("an hourly schedule runs 24 times in 24 hours, even in %s", async (_season, start) => {
  expect(await ticks("TZ=Europe/Berlin 0 * * * *", start, "1d")).toHaveLength(24);
});

test("seven virtual days of schedules take seconds, and no run is missing", async () => {
  const counts = new Map<string, number>();
  const schedules = {
    "every-30": "*/30 * * * *",
    hourly: "0 * * * *",
    nightly: "TZ=Europe/Berlin 0 3 * * *",
  };
  const { engine } = await startKitApp(
    (inngest) =>
      Object.entries(schedules).map(([id, schedule]) =>
        inngest.createFunction({ id, retries: 0, triggers: [cron(schedule)] }, async ({ step }) => {
          await step.run("count", () => counts.set(id, (counts.get(id) ?? 0) + 1));
        }),
      ),
    { start: new Date("2026-06-01T00:00:30Z") },
  );
  const began = process.cpuUsage();
  await engine.advance("7d");
  // CPU time, because real time depends on the load of the machine. There is one process, so on a free machine both are
  // the same.
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(20);
  expect(Object.fromEntries(counts)).toEqual({ "every-30": 7 * 48, hourly: 7 * 24, nightly: 7 });
  await engine.close();
});

test("runs missed while the engine was down are replaced by one run at its start", async () => {
  const database = await freshDatabase({ migrated: false });
  const seen: string[] = [];
  const open = async (start: string) => {
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction({ id: "hourly", retries: 0, triggers: [cron("0 * * * *")] }, () => {
          seen.push(engine.clock.now().toISOString().slice(11, 16));
        }),
      ],
      { start: new Date(start), databaseUrl: database.url },
    );
    await engine.sync();
    await engine.idle();
    return engine;
  };
  const first = await open("2026-06-01T00:30:00Z");
  await first.advance("1h");
  await first.close();
  expect(seen).toEqual(["01:00"]);
  const second = await open("2026-06-01T05:10:00Z");
  await second.advance("1h");
  await second.close();
  expect(seen).toEqual(["01:00", "05:10", "06:00"]);
  await database.close();
});
