import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob, wanted } from "../support/jobs.ts";

let db: TestDatabase;
const sql = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;
beforeAll(async () => {
  db = await freshDatabase();
  for (const functionId of ["walk", "hop"])
    await sql("select private.register_work_kind($1)", {
      function_id: functionId,
      event_name: "test/go",
      summary: "Goes",
    });
});
afterAll(() => db.close());

const HOUR_MS = 3_600_000;
const now = new Date("2026-11-01T08:00:00Z");
const later = new Date(now.getTime() + 2 * HOUR_MS);
const released = async (id: string) => {
  const [job] = await sql("select released_at, sent_at from jobs where id = $1", id);
  return job.released_at instanceof Date ? job.released_at.toISOString() : job.released_at;
};
const outbox = async () =>
  (await sql("select id from unsent_jobs('infinity', $1, 1000)", later)).map(({ id }) => id);

test("a resume lets each job go at its own time: delayed ones later, held ones when their room releases them", async () => {
  await sql("select pause_work('walk', 'key:a', $1)", now);
  const prompt = await insertJob(db.sql, {}, now);
  const delayed = await insertJob(db.sql, { delayMs: 24 * HOUR_MS }, now);
  const held = await insertJob(db.sql, { held: true }, now);
  const freed = await insertJob(db.sql, { held: true }, now);
  const other = await insertJob(db.sql, { functionId: "run" }, now);
  await sql("select private.release_jobs($1, $2)", [freed], now);
  expect(await outbox()).toEqual([other]);
  expect(await sql("select resume_work('walk', $1) as jobs", later)).toEqual([{ jobs: 3 }]);
  expect(await released(prompt)).toBe(later.toISOString());
  expect(await released(delayed)).toBe(new Date(now.getTime() + 24 * HOUR_MS).toISOString());
  expect(await released(held)).toBeNull();
  expect(new Set(await outbox())).toEqual(new Set([other, prompt, freed]));
});

test("a job that is accepted while the resume is under way is not forgotten", async () => {
  await sql("select pause_work('hop', 'key:a', $1)", now);
  const client = await db.sql.connect();
  try {
    await client.query("begin");
    const { rows } = await client.query("select id from private.insert_job($1, $2)", [
      wanted({ functionId: "hop" }),
      now,
    ]);
    const resumed = sql("select resume_work('hop', $1) as jobs", later);
    await expect
      .poll(async () => (await sql("select count(*)::int as n from pg_locks where not granted"))[0].n)
      .toBeGreaterThan(0);
    await client.query("commit");
    expect(await resumed).toEqual([{ jobs: 1 }]);
    expect(await outbox()).toContain(rows[0].id);
  } finally {
    client.release();
  }
});

test("a pause refuses nothing for being late, and the engine's own jobs go on", async () => {
  await sql("select private.register_work_kind($1)", {
    function_id: "crawl",
    event_name: "test/crawl",
    per_second: 1000,
  });
  // One job waits, and the kind's pace is nil: the next one could not begin as promised.
  await sql(
    "insert into private.paces (kind, priority, per_second, measured_at) values ('crawl', 3, 0, $1)",
    now,
  );
  const accept = () => sql("select id from private.accept_job($1, $2)", wanted({ functionId: "crawl" }), now);
  const [first] = await accept();
  await sql("update jobs set sent_at = created_at where id = $1", first.id);
  await expect(accept()).rejects.toThrow("Service busy");
  await sql("select pause_work('crawl', 'key:a', $1)", now);
  expect(await accept()).toHaveLength(1);
  const begun = await sql(
    "select start_run($1, 'test/crawl', '{}', 'crawl', 'run', 0, null, $2) as run",
    first.id,
    now,
  );
  expect(begun[0].run).toMatchObject({ tracked: true, skip: false, canceled: false });
});
