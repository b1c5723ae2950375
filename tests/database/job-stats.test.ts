import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { vacuum } from "../support/vacuum.ts";

/** The jobs of one hour, in no order on the disk and large, so that each would be a block to read. */
const JOBS = 3_000;
const NOW = "timestamptz '2026-11-01 12:30:30Z'";

let db: TestDatabase;
let session: pg.PoolClient;
beforeAll(async () => {
  db = await freshDatabase();
  session = await db.sql.connect();
  await session.query(`
    insert into jobs (kind, function_id, event_id, event_name, event_data, requester, status, priority, created_at,
      ready_at, due_at, released_at, sent_at, started_at, ended_at, updated_at)
    select 'k', 'f', n::text, 'e', jsonb_build_object('text', (select string_agg(md5(n::text || m), '') from
      generate_series(1, 55) as m)), 'r',
      case n % 4 when 0 then 'queued' when 1 then 'running' when 2 then 'completed' else 'failed' end, 1 + n % 5,
      at, at, at + interval '1 minute', at, at,
      case when n % 4 > 0 then at end, case when n % 4 > 1 then at end, at
    from (select n, ${NOW} - n * interval '1 second' as at from generate_series(1, ${JOBS}) as n) as rows
    order by md5(n::text)`);
  await vacuum(session);
});
afterAll(async () => {
  session.release();
  await db.close();
});

const stats = async (most: number) =>
  (await session.query(`select job_stats(null, ${most}, ${NOW}) as stats`)).rows[0].stats;

test("an administrator's statistics read indexes, and not the jobs", async () => {
  const blocks: number[] = [];
  // The first times also read the catalog.
  for (let n = 0; n < 4; n++) {
    const { rows } = await session.query(
      `explain (analyze, buffers, format json) select job_stats(null, 50000, ${NOW})`,
    );
    const { Plan: plan } = rows[0]["QUERY PLAN"][0];
    blocks.push(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
  }
  const table = await session.query("select relpages from pg_class where oid = 'public.jobs'::regclass");
  // A quarter of the jobs waits, a quarter runs, and three quarters began. To read one of these from the table takes more.
  expect(Math.min(...blocks)).toBeLessThan(table.rows[0].relpages / 4);
});

test("the statistics cover sixty minutes when there are few jobs in them", async () => {
  const { perMinute } = await stats(JOBS);
  expect(perMinute).toHaveLength(60);
  expect(perMinute[0].at).toBe("2026-11-01T11:31:00+00:00");
});

test("with more jobs, the statistics cover the newest minutes that have at most so many", async () => {
  const { perMinute, classes } = await stats(500);
  // 30 jobs were accepted in the current minute, and 60 in each minute before it.
  expect(perMinute.map(({ accepted }: { accepted: number }) => accepted)).toEqual([
    ...Array.from({ length: 7 }, () => 60),
    30,
  ]);
  const begun = await session.query(
    "select count(*)::int as n from jobs where started_at >= '2026-11-01 12:23Z'",
  );
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
  expect(sum(classes.map(({ started }: { started: number }) => started))).toBe(begun.rows[0].n);
  expect(sum(perMinute.map(({ started }: { started: number }) => started))).toBe(begun.rows[0].n);
});

test.each([
  ["begun", "update jobs set started_at = ready_at where started_at is null"],
  ["ended", "update jobs set status = 'completed', ended_at = ready_at"],
  [
    "retried",
    "insert into job_events (job_id, sequence, type, at) select id, 1, 'retrying', ready_at from jobs",
  ],
])("many jobs that were %s also make the time shorter", async (_, change) => {
  await session.query("begin");
  try {
    await session.query(
      "update jobs set created_at = created_at - interval '1 day', started_at = null, ended_at = null, status = 'queued'",
    );
    expect((await stats(500)).perMinute).toHaveLength(60);
    await session.query(change);
    expect((await stats(500)).perMinute.length).toBeLessThan(20);
  } finally {
    await session.query("rollback");
  }
});

test("the current minute is always counted", async () => {
  const { perMinute } = await stats(1);
  expect(perMinute).toHaveLength(1);
});

test("the children of a job are counted up to 1,000", async () => {
  await session.query("begin");
  try {
    const { rows } = await session.query("select id from jobs order by id limit 1");
    const childCount = async (children: number) => {
      await session.query(
        "update jobs set parent_job_id = $1 where id in (select id from jobs where id <> $1 limit $2)",
        [rows[0].id, children],
      );
      const found = await session.query("select get_job($1, null) -> 'childCount' as n", [rows[0].id]);
      return found.rows[0].n;
    };
    expect(await childCount(3)).toBe(3);
    expect(await childCount(1_001)).toBe(1_000);
  } finally {
    await session.query("rollback");
  }
});
