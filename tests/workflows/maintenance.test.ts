import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());

/** A house without functions: maintenance needs none. */
async function open() {
  shop = await workshop({ functions: () => [] });
  await shop.app.keepHouse();
}
const now = () => shop.engine.clock.now();
const ago = (days: number) => new Date(now().getTime() - days * 86_400_000);
/** Moves the clock to the schedule's next slot, when housekeeping finds it. */
async function next(schedule: string) {
  const { body } = await shop.call("GET", `/api/schedules/${schedule}`);
  await shop.engine.advance(`${Date.parse(body.next.at) - now().getTime()}ms`);
  await shop.app.keepHouse();
  return (await shop.call("GET", `/api/schedules/${schedule}`)).body.last;
}
const session = (updatedAt: Date, expiresAt: Date) =>
  shop.rows(
    "insert into sessions (user_id, created_at, updated_at, expires_at) values ('ada', $1, $1, $2) returning id",
    [updatedAt, expiresAt],
  );
const token = (expiresAt: Date) =>
  shop.rows(
    "insert into auth_tokens (user_id, purpose, token_hash, created_at, expires_at) values ('ada', 'sign_in', $1, $2, $2) returning id",
    [createHash("sha256").update(randomUUID()).digest("hex"), expiresAt],
  );
const ids = async (table: string) =>
  (await shop.rows(`select id from ${table} order by id`)).map(({ id }) => id);

const HOURS = 72;
/** Ages in days, one for each hour: some stay below the limit until the schedule is due, which may take a day. */
const around = (days: number) => Array.from({ length: HOURS }, (_, hour) => days - 2 + hour / 24);

/** When the schedule was due, the oldest row that it left had the limit's age, to within the hour between two rows. */
async function expectLimit(table: string, column: string, days: number, dueAt: string) {
  const [{ oldest }] = await shop.rows(`select min(${column}) as oldest from ${table}`);
  const hoursYounger = days * 24 - (Date.parse(dueAt) - oldest.getTime()) / 3_600_000;
  expect(hoursYounger).toBeGreaterThanOrEqual(0);
  expect(hoursYounger).toBeLessThan(1.1);
}

test("S2-19: cleanup-sessions deletes at 02:00 the sessions that were not used for 30 days", async () => {
  await open();
  for (const days of around(30)) await session(ago(days), ago(-3));
  const last = await next("cleanup-sessions");
  expect(last.local).toContain("T02:00");
  await expectLimit("sessions", "updated_at", 30, last.at);
  const deletedCount = HOURS - (await ids("sessions")).length;
  expect(last).toMatchObject({ fate: "fired", jobUrl: null, result: { deletedCount } });
});

test("S4-28: daily-cleanup at 03:00 deletes expired sessions and old audit logs, and returns both counts", async () => {
  await open();
  await session(ago(0), ago(-0.01));
  const [living] = await session(ago(0), ago(-10));
  await session(ago(0), ago(-1));
  for (const days of around(90))
    await shop.rows("insert into audit_logs (at, actor, action, target) values ($1, 'key:a', 'x', '{}')", [
      ago(days),
    ]);
  const last = await next("daily-cleanup");
  expect(last.local).toContain("T03:00");
  await expectLimit("audit_logs", "at", 90, last.at);
  const deletedAuditLogs = HOURS - (await ids("audit_logs")).length;
  expect(last).toMatchObject({ fate: "fired", result: { deletedSessions: 1, deletedAuditLogs } });
  expect(await next("daily-cleanup")).toMatchObject({ result: { deletedSessions: 1 } });
  expect(await next("daily-cleanup")).toMatchObject({ result: { deletedSessions: 0 } });
  expect(await ids("sessions")).toEqual([living.id]);
});

test("S4-19: cleanup-expired-tokens at 03:00 deletes tokens that expired more than seven days ago", async () => {
  await open();
  for (const days of around(7)) await token(ago(days));
  const last = await next("cleanup-expired-tokens");
  expect(last.local).toContain("T03:00");
  await expectLimit("auth_tokens", "expires_at", 7, last.at);
  const deletedCount = HOURS - (await ids("auth_tokens")).length;
  expect(last).toMatchObject({ fate: "fired", result: { deletedCount } });
});

test("S2-19: refresh-cache keeps the 100 busiest users, every 300 seconds", async () => {
  await open();
  await shop.rows(
    `insert into jobs (kind, function_id, event_id, event_name, status, requester, owner, created_at, ready_at, due_at, updated_at)
     select 'k', 'f', gen_random_uuid()::text, 'e', 'queued', 'r', 'user-' || user_number, $1, $1, $1, $1
     from generate_series(1, 101) as users (user_number), generate_series(1, user_number) as jobs`,
    [now()],
  );
  const at = [await next("refresh-cache"), await next("refresh-cache")].map((last) => Date.parse(last.at));
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBe(300_000);
  const { items } = (await shop.call("GET", "/api/users/busiest")).body;
  expect(items).toHaveLength(100);
  expect(items[0]).toMatchObject({ owner: "user-101", jobs: 101, failedJobs: 0 });
  expect(items.map(({ owner }: { owner: string }) => owner)).not.toContain("user-1");
});

test("one call of housekeeping deletes more rows than a batch, and its counts include all batches", async () => {
  await open();
  await shop.rows(
    `insert into sessions (user_id, created_at, updated_at, expires_at)
     select 'ada', $1, $1, $2 from generate_series(1, 2500)`,
    // They have not expired, because then daily-cleanup might delete some of them first.
    [ago(40), ago(-10)],
  );
  expect(await next("cleanup-sessions")).toMatchObject({ result: { deletedCount: 2500 } });
});

test("of two simultaneous maintenance calls only one does the work: the other finds the lock taken", async () => {
  await open();
  await session(ago(40), ago(-1));
  await shop.call("POST", "/api/schedules/cleanup-sessions/run");
  const run = "select public.run_maintenance('cleanup-sessions', 100, $1) as report";
  const first = await shop.database.sql.connect();
  await first.query("begin");
  const { rows } = await first.query(run, [now()]);
  expect(rows[0].report).toEqual({ counts: { deletedCount: 1 }, hasMore: false });
  expect(await shop.rows(run, [now()])).toEqual([{ report: { counts: {}, hasMore: false } }]);
  await first.query("commit");
  first.release();
  expect((await shop.rows(run, [now()]))[0].report.counts).toEqual({});
});

test("S4-83: a task that has not run for a day runs when only pg_cron calls maintenance", async () => {
  await open();
  await session(ago(0), ago(-0.5));
  await shop.engine.advance("26h");
  const [{ report }] = await shop.rows("select public.run_maintenance('daily-cleanup', 100, $1) as report", [
    now(),
  ]);
  expect(report.counts).toMatchObject({ deletedSessions: 1 });
});

test("a task does not run while its schedule is paused, nor at once when it is resumed, and raises no alert", async () => {
  await open();
  await session(ago(40), ago(-10));
  await shop.call("POST", "/api/schedules/cleanup-sessions/pause");
  const visit = async (time: string) => {
    await shop.engine.advance(time);
    await shop.app.keepHouse();
  };
  for (const time of ["26h", "2h", "5m"]) await visit(time);
  expect(await ids("sessions")).toHaveLength(1);
  await shop.call("POST", "/api/schedules/cleanup-sessions/resume");
  for (const time of ["5m", "5m"]) await visit(time);
  expect(await ids("sessions")).toHaveLength(1);
  expect(await shop.rows("select subject from alerts where rule = 'late-tasks'")).toEqual([]);
  await next("cleanup-sessions");
  expect(await ids("sessions")).toEqual([]);
});

test("a task whose schedule is paused runs when an operator asks for it", async () => {
  await open();
  await session(ago(40), ago(-10));
  await shop.call("POST", "/api/schedules/cleanup-sessions/pause");
  await shop.call("POST", "/api/schedules/cleanup-sessions/run");
  await shop.engine.advance("5m");
  await shop.app.keepHouse();
  expect(await ids("sessions")).toEqual([]);
});

test("S4-83: the optional migration has pg_cron call the maintenance, without a key, and can be run twice", async () => {
  await open();
  await session(ago(100), ago(-1));
  await shop.call("POST", "/api/schedules/cleanup-sessions/run");
  // The tests' Postgres has no pg_cron, so this schema stands for the extension.
  await shop.database.sql.query(`
    create schema cron;
    create table cron.job (name text primary key, schedule text not null, command text not null);
    create function cron.schedule(text, text, text) returns void language sql as
      'insert into cron.job values ($1, $2, $3)
       on conflict (name) do update set schedule = excluded.schedule, command = excluded.command'`);
  const file = readFileSync("supabase/optional/schedule_maintenance.sql", "utf8");
  const migration = file.replace("create extension if not exists pg_cron;", "");
  expect(migration).not.toBe(file);
  for (let run = 0; run < 2; run += 1) await shop.database.sql.query(migration);
  const tasks = await shop.rows("select 'nightshift-' || name as name from private.maintenance_tasks");
  const jobs = await shop.rows("select * from cron.job");
  expect(jobs).toMatchObject(tasks.map(({ name }) => ({ name, schedule: "*/5 * * * *" })));
  for (const { command } of jobs) await shop.rows(command);
  expect(await ids("sessions")).toEqual([]);
});

test("a failing task does not stop the other tasks, and housekeeping reports the failure", async () => {
  await open();
  await session(ago(40), ago(-1));
  await shop.rows(
    "update private.maintenance_tasks set function = 'private.no_such' where name = 'refresh-cache'",
  );
  await shop.call("POST", "/api/schedules/cleanup-sessions/run");
  await shop.engine.advance("5m");
  await expect(shop.app.keepHouse()).rejects.toThrow("chores failed");
  expect(await ids("sessions")).toEqual([]);
});

test("a task that is canceled by the statement timeout, again and again, does not stop the others, and is alerted", async () => {
  await open();
  await session(ago(40), ago(-1));
  // A canceled query is no error that an exception handler for all others catches.
  await shop.rows(`create function private.too_slow(integer, timestamptz) returns jsonb language plpgsql as
    $$ begin raise exception using errcode = 'query_canceled'; end $$`);
  await shop.rows(
    "update private.maintenance_tasks set function = 'private.too_slow' where name = 'refresh-cache'",
  );
  await shop.call("POST", "/api/schedules/cleanup-sessions/run");
  await shop.engine.advance("5m");
  await expect(shop.app.keepHouse()).rejects.toThrow("chores failed");
  expect(await ids("sessions")).toEqual([]);
  const alerted = async () =>
    (await shop.rows("select subject from alerts where rule = 'late-tasks'")).map(({ subject }) => subject);
  expect(await alerted()).toEqual([]);
  for (let visit = 0; visit < 13; visit += 1) {
    await shop.engine.advance("5m");
    await expect(shop.app.keepHouse()).rejects.toThrow("chores failed");
  }
  expect(await alerted()).toEqual(["refresh-cache"]);
});
