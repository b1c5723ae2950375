import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDatabase, type DatabaseClient } from "#lib/database/client.ts";
import type { Schedule } from "#lib/schedule.ts";
import { dailyReportDue } from "#monitoring/events.ts";
import { rooms } from "#rooms.ts";
import { scheduleRepository } from "#schedules/repository.ts";
import { tickSchedules } from "#schedules/tick-schedules.ts";
import { testEnv } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let db: DatabaseClient;
let now: Date;
const clock = { now: () => now };
beforeAll(async () => {
  database = await freshDatabase();
  db = createDatabase(testEnv(database), database.fetch);
});
afterAll(() => database.close());
beforeEach(() => database.sql.query("truncate schedule_ticks, schedules, jobs cascade"));

type JobSchedule = Extract<Schedule, { job: object }>;
const declare = (changes: Partial<JobSchedule>): JobSchedule => ({
  name: "tidy",
  summary: "Tidies",
  cron: "0 9 * * *",
  timeZone: "UTC",
  overlap: "allow",
  missed: "once",
  job: { event: dailyReportDue, functionId: "tidy" },
  ...changes,
});
const sql = async (text: string, ...values: unknown[]) => (await database.sql.query(text, values)).rows;
let isLate = false;
const keepHouse = (...declared: Schedule[]) =>
  tickSchedules({ declared, schedules: scheduleRepository(db, clock), clock }).run({ isOver: () => isLate });
/** Housekeeping at this time, and at every step until then. */
async function at(time: string, ...declared: Schedule[]) {
  now = new Date(time);
  return await keepHouse(...declared);
}
async function every(minutes: number, until: string, ...declared: Schedule[]) {
  const end = Date.parse(until);
  for (let ms = now.getTime() + minutes * 60_000; ms <= end; ms += minutes * 60_000)
    await at(new Date(ms).toISOString(), ...declared);
}
const ticks = () =>
  sql("select slot, fate, reason, job_id, is_waiting from schedule_ticks order by slot_at") as Promise<
    Array<{ slot: string; fate: string; reason: string | null; job_id: string | null; is_waiting: boolean }>
  >;
const fates = async () => (await ticks()).map(({ slot, fate }) => `${slot.slice(0, 16)} ${fate}`);
const jobs = () =>
  sql("select id, event_data, ready_at, owner, requester from jobs order by created_at, ready_at");
const endOldest = () =>
  sql(
    `select private.end_job(id, 'completed', null, null, $1)
     from (select id from jobs where ended_at is null order by created_at, ready_at limit 1) as oldest`,
    now,
  );

test("each slot gets one job, from the first housekeeping after its time", async () => {
  const schedule = declare({ cron: "*/10 * * * *" });
  await at("2026-11-28T08:55:00Z", schedule);
  await every(5, "2026-11-28T09:20:00Z", schedule);
  expect(await fates()).toEqual([
    "2026-11-28T09:00 fired",
    "2026-11-28T09:10 fired",
    "2026-11-28T09:20 fired",
  ]);
  const made = await jobs();
  expect(made.map(({ event_data }) => event_data.dueAt)).toEqual([
    "2026-11-28T09:00:00.000Z",
    "2026-11-28T09:10:00.000Z",
    "2026-11-28T09:20:00.000Z",
  ]);
  expect(made[0]).toMatchObject({ owner: null, requester: "schedule:tidy" });
  expect(made[0].event_data).toMatchObject({ schedule: "tidy", slot: "2026-11-28T09:00+00:00" });
});

test("every schedule fires even when the tasks before it have used up the time", async () => {
  const both = [declare({ name: "first" }), declare({ name: "second" })];
  isLate = true;
  try {
    await at("2026-11-28T08:55:00Z", ...both);
    await at("2026-11-28T09:00:00Z", ...both);
  } finally {
    isLate = false;
  }
  expect(await fates()).toEqual(["2026-11-28T09:00 fired", "2026-11-28T09:00 fired"]);
});

test("simultaneous housekeeping calls make one job per slot", async () => {
  const schedule = declare({});
  await at("2026-11-28T08:55:00Z", schedule);
  now = new Date("2026-11-28T09:00:00Z");
  await Promise.all(Array.from({ length: 5 }, () => keepHouse(schedule)));
  await keepHouse(schedule);
  expect(await fates()).toEqual(["2026-11-28T09:00 fired"]);
  expect(await jobs()).toHaveLength(1);
});

test("a slot whose job cannot be accepted is tried again, and does not stop other schedules", async () => {
  const [bad, good] = [declare({ name: "bad" }), declare({ name: "good" })];
  await at("2026-11-28T08:55:00Z", bad, good);
  await sql(`create function public.refuse_bad() returns trigger language plpgsql as $$
      begin if new.requester = 'schedule:bad' then raise exception 'no'; end if; return new; end $$`);
  await sql("create trigger refuse before insert on jobs for each row execute function public.refuse_bad()");
  await expect(at("2026-11-28T09:00:00Z", bad, good)).rejects.toThrow("1 failed (bad), 1 done");
  expect(await sql("select schedule, fate from schedule_ticks")).toEqual([
    { schedule: "good", fate: "fired" },
  ]);
  await sql("drop trigger refuse on jobs");
  await at("2026-11-28T09:05:00Z", bad, good);
  expect(await sql("select schedule, fate from schedule_ticks order by schedule")).toEqual([
    { schedule: "bad", fate: "fired" },
    { schedule: "good", fate: "fired" },
  ]);
});

describe("after 30 days of downtime", () => {
  const down = async (schedule: Schedule) => {
    await at("2026-11-01T00:00:00Z", schedule);
    await at("2026-12-01T00:00:00Z", schedule);
    const rows = await ticks();
    const all = Array.from({ length: 8640 }, (_, n) =>
      new Date(Date.UTC(2026, 10, 1, 0, 5 * (n + 1))).toISOString().slice(0, 16),
    );
    expect(rows.map(({ slot }) => slot.slice(0, 16))).toEqual(all);
    for (const { fate, reason } of rows) if (fate !== "fired") expect(reason).toMatch(/^missed: /);
    return rows.filter(({ fate }) => fate === "fired").map(({ slot }) => slot.slice(5, 16));
  };

  test("once: the newest missed slot runs, and the others are recorded as merged", async () => {
    expect(await down(declare({ cron: "*/5 * * * *", missed: "once" }))).toEqual(["12-01T00:00"]);
    expect(new Set((await ticks()).map(({ fate }) => fate))).toEqual(new Set(["merged", "fired"]));
  });

  test("at most 3: the newest three missed slots run, and the others are skipped", async () => {
    expect(await down(declare({ cron: "*/5 * * * *", missed: { most: 3 } }))).toEqual([
      "11-30T23:50",
      "11-30T23:55",
      "12-01T00:00",
    ]);
  });

  test("skip: only the slot that is not late runs", async () => {
    expect(await down(declare({ cron: "*/5 * * * *", missed: "skip" }))).toEqual(["12-01T00:00"]);
    expect(new Set((await ticks()).map(({ fate }) => fate))).toEqual(new Set(["skipped", "fired"]));
  });
});

test("skip: a slot that is found too late does not run", async () => {
  const schedule = declare({ missed: "skip" });
  await at("2026-11-28T08:55:00Z", schedule);
  await at("2026-11-28T09:11:00Z", schedule);
  expect(await ticks()).toMatchObject([{ fate: "skipped", reason: "missed: found too late" }]);
});

describe("while the job of an earlier slot has not ended", () => {
  const three = async (overlap: Schedule["overlap"]) => {
    const schedule = declare({ cron: "*/10 * * * *", overlap });
    await at("2026-11-28T08:55:00Z", schedule);
    await every(5, "2026-11-28T09:20:00Z", schedule);
    return schedule;
  };

  test("skip: further slots are skipped until it ends", async () => {
    const schedule = await three("skip");
    await endOldest();
    await every(5, "2026-11-28T09:30:00Z", schedule);
    expect(await ticks()).toMatchObject([
      { fate: "fired" },
      { fate: "skipped", reason: "overlap: the earlier job has not ended" },
      { fate: "skipped" },
      { fate: "fired" },
    ]);
  });

  test("queue one: one job waits for it, and further slots are merged into that job", async () => {
    const schedule = await three("queue-one");
    expect(await ticks()).toMatchObject([
      { fate: "fired", is_waiting: false },
      { fate: "fired", is_waiting: true },
      { fate: "merged", reason: "overlap: a job already waits" },
    ]);
    const held = "select count(*)::int as held from jobs where released_at is null";
    expect(await sql(held)).toEqual([{ held: 1 }]);
    await every(5, "2026-11-28T09:25:00Z", schedule);
    expect(await sql(held)).toEqual([{ held: 1 }]);
    await endOldest();
    await keepHouse(schedule);
    expect(await sql(held)).toEqual([{ held: 0 }]);
    expect((await ticks()).every(({ is_waiting }) => !is_waiting)).toBe(true);
  });

  test("allow: each slot has its own job", async () => {
    await three("allow");
    expect(await jobs()).toHaveLength(3);
  });
});

test("a slot on an excluded day has no job, and records the reason", async () => {
  const schedule = declare({
    excludedDays: ["2026-11-29", "12-01"],
    timeZone: "Asia/Tokyo",
    cron: "0 1 * * *",
  });
  await at("2026-11-27T12:00:00Z", schedule);
  await every(60, "2026-12-01T12:00:00Z", schedule);
  expect((await ticks()).map(({ slot, fate, reason }) => `${slot} ${fate} ${reason}`)).toEqual([
    "2026-11-28T01:00+09:00 fired null",
    "2026-11-29T01:00+09:00 skipped 2026-11-29 is excluded",
    "2026-11-30T01:00+09:00 fired null",
    "2026-12-01T01:00+09:00 skipped 2026-12-01 is excluded",
  ]);
});

test("jitter delays each job, always by the same time for the same slot", async () => {
  const schedule = declare({ cron: "0 * * * *", jitterMs: 600_000 });
  await at("2026-11-28T08:30:00Z", schedule);
  await every(30, "2026-11-28T18:00:00Z", schedule);
  const delays = (await jobs()).map(
    ({ ready_at, event_data }) => ready_at.getTime() - Date.parse(event_data.dueAt),
  );
  expect(delays).toHaveLength(10);
  expect(new Set(delays).size).toBeGreaterThan(5);
  for (const delay of delays) expect(delay).toBeLessThan(600_000);
  await sql("truncate schedule_ticks, schedules, jobs cascade");
  await at("2026-11-28T08:30:00Z", schedule);
  await every(30, "2026-11-28T18:00:00Z", schedule);
  const again = (await jobs()).map(
    ({ ready_at, event_data }) => ready_at.getTime() - Date.parse(event_data.dueAt),
  );
  expect(again).toEqual(delays);
});

test("a changed cron applies from the first housekeeping that knows it, and earlier slots follow the old cron", async () => {
  await at("2026-11-28T08:00:00Z", declare({ cron: "0 9 * * *" }));
  await at("2026-11-28T10:00:00Z", declare({ cron: "*/30 * * * *" }));
  await at("2026-11-28T10:30:00Z", declare({ cron: "*/30 * * * *" }));
  expect(await fates()).toEqual(["2026-11-28T09:00 fired", "2026-11-28T10:30 fired"]);
});

describe("each local slot fires exactly once when the clocks change", () => {
  const fired = async (cron: string, from: string, until: string) => {
    const schedule = declare({ cron, timeZone: "Europe/Berlin" });
    await at(from, schedule);
    await every(15, until, schedule);
    const rows = await ticks();
    expect(rows.every(({ fate }) => fate === "fired")).toBe(true);
    return rows.map(({ slot }) => slot.slice(8));
  };

  test.each([
    ["30 2 * * *", ["28T02:30+01:00", "29T03:00+02:00", "30T02:30+02:00"]],
    [
      "15,45 2 * * *",
      ["28T02:15+01:00", "28T02:45+01:00", "29T03:00+02:00", "30T02:15+02:00", "30T02:45+02:00"],
    ],
    ["0 3 * * *", ["28T03:00+01:00", "29T03:00+02:00", "30T03:00+02:00"]],
  ])("in spring, when an hour does not exist: %s", async (cron, expected) => {
    expect(await fired(cron, "2026-03-28T00:00:00Z", "2026-03-30T02:00:00Z")).toEqual(expected);
  });

  test.each([
    ["30 2 * * *", ["24T02:30+02:00", "25T02:30+02:00", "26T02:30+01:00"]],
    [
      "30 2,4 * * *",
      ["24T02:30+02:00", "24T04:30+02:00", "25T02:30+02:00", "25T04:30+01:00", "26T02:30+01:00"],
    ],
  ])("in autumn, when an hour is repeated: %s", async (cron, expected) => {
    expect(await fired(cron, "2026-10-24T00:00:00Z", "2026-10-26T02:00:00Z")).toEqual(expected);
  });

  test("except a cron with a step, which keeps its interval", async () => {
    const spring = await fired("*/30 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z");
    expect(spring).toEqual(["29T01:30+01:00", "29T03:00+02:00", "29T03:30+02:00", "29T04:00+02:00"]);
    await sql("truncate schedule_ticks, schedules, jobs cascade");
    const autumn = await fired("*/30 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T01:30:00Z");
    expect(autumn).toEqual(["25T02:30+02:00", "25T02:00+01:00", "25T02:30+01:00"]);
  });
});

test("old slots are deleted, and the schedule continues", async () => {
  const schedule = declare({});
  await at("2026-01-01T08:00:00Z", schedule);
  await at("2026-01-01T09:00:00Z", schedule);
  await at("2026-05-01T08:00:00Z", schedule);
  await keepHouse(schedule);
  expect((await fates()).filter((slot) => slot.startsWith("2026-01-01"))).toEqual([]);
});

test("seven days of all schedules, in which Berlin loses an hour and Sydney repeats one", async () => {
  const declared = rooms.flatMap((room) => room.schedules?.(testEnv(database)) ?? []);
  const nightly = (name: string, timeZone: string) => declare({ name, timeZone, cron: "30 2 * * *" });
  const all = [...declared, nightly("berlin", "Europe/Berlin"), nightly("sydney", "Australia/Sydney")];
  await at("2026-03-29T00:00:00Z", ...all);
  await every(30, "2026-04-05T00:00:00Z", ...all);
  const rows = await sql("select schedule, slot, fate from schedule_ticks order by slot_at");
  const slotsOf = (name: string, fate?: string) =>
    rows
      .filter((row) => row.schedule === name && (fate ?? row.fate) === row.fate)
      .map(({ slot }) => slot.slice(5));
  expect(slotsOf("berlin", "fired")).toEqual([
    "03-29T03:00+02:00",
    ...["03-30", "03-31", "04-01", "04-02", "04-03", "04-04"].map((day) => `${day}T02:30+02:00`),
  ]);
  expect(slotsOf("sydney", "fired")).toEqual([
    ...["03-30", "03-31", "04-01", "04-02", "04-03", "04-04"].map((day) => `${day}T02:30+11:00`),
    "04-05T02:30+11:00",
  ]);
  // Every other schedule has a row for each of its slots: daily ones seven, every five minutes 2,016.
  expect(slotsOf("refresh-cache")).toHaveLength(7 * 288);
  for (const { name, cron } of declared.filter(({ cron }) => /^0 \d+ \* \* \*$/.test(cron)))
    expect(`${name} ${cron} ${slotsOf(name).length}`).toBe(`${name} ${cron} 7`);
});
