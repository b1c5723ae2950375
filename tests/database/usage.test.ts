import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

/** The tally of the ledger: what each ended job adds to the use of its day. */
let db: TestDatabase;
let site: TestApp;
const clock = { now: () => at(60) };
beforeAll(async () => {
  db = await freshDatabase();
  site = await testApp(db, { clock });
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.sql.query("truncate jobs, private.usage_by_day cascade");
  await db.sql.query("update private.usage_tally set at = '-infinity'");
});

const sql = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;
const at = (minute: number) => new Date(Date.UTC(2026, 10, 30, 12, minute));
const tally = async (minute: number, limit = 100) =>
  Number((await sql("select tally_usage($1, $2) as count", limit, at(minute)))[0].count);
const used = () =>
  sql(`select job_count::int as jobs, run_count::int as runs, retry_count::int as retries, part_count::int as parts,
    failed_count::int as failures, mail_count::int as mails from private.usage_by_day`);

/** A run of a mail's job that begins at this minute and ends at the next one. */
async function run(id: string, name: string, attempt: number, end: "failed" | "completed", minute: number) {
  await sql(
    "select start_run($1, 'mail/send', '{}', 'send-mail', $2, $3, null, $4)",
    id,
    name,
    attempt,
    at(minute),
  );
  if (end === "completed")
    await sql("select finish_run($1, 'send-mail', $2, '{}', $3)", id, name, at(minute + 1));
  else
    await sql(
      "select private.abandon_run($1, 'send-mail', $2, 'failed', '{\"code\": \"internal\"}', $3)",
      id,
      name,
      at(minute + 1),
    );
}
async function mailWithPart() {
  const id = await insertJob(db.sql, { functionId: "send-mail", event: "mail/send" }, at(0));
  await sql("insert into job_plans (job_id, planned_at) values ($1, $2)", id, at(1));
  await sql(
    "insert into job_parts (job_id, part_no, first_no, last_no, total_count, settled_count, status) values ($1, 1, 1, 1, 1, 1, 'done')",
    id,
  );
  return id;
}

test.each(["after each end", "after the last end"])(
  "a failed job that is replayed counts once, and each of its runs once, when the tally runs %s",
  async (when) => {
    const id = await mailWithPart();
    await run(id, "r1", 2, "failed", 1);
    if (when === "after each end") {
      expect(await tally(10)).toBe(1);
      expect(await used()).toEqual([{ jobs: 1, runs: 1, retries: 2, parts: 1, failures: 1, mails: 0 }]);
    }
    await run(id, "r2", 1, "completed", 20);
    await tally(30);
    const all = [{ jobs: 1, runs: 2, retries: 3, parts: 1, failures: 1, mails: 1 }];
    expect(await used()).toEqual(all);
    await run(id, "r3", 0, "completed", 40);
    await tally(50);
    expect(await used()).toEqual([{ ...all[0], runs: 3 }]);
  },
);

test("jobs that ended in the same millisecond are counted in pieces, each once", async () => {
  const ids = await Promise.all([1, 2, 3, 4, 5].map(() => insertJob(db.sql, {}, at(0))));
  await sql("select private.end_jobs($1, 'completed', null, null, $2)", ids, at(1));
  expect([await tally(5, 2), await tally(5, 2), await tally(5, 2), await tally(5, 2)]).toEqual([2, 2, 1, 0]);
  expect(await used()).toMatchObject([{ jobs: 5 }]);
});

test("housekeeping counts all that has ended since its last visit, in several statements", async () => {
  await sql(
    `with jobs as (
       insert into jobs (kind, function_id, event_id, event_name, status, requester, created_at, ready_at, due_at,
         ended_at, updated_at)
       select 'walk', 'walk', n, 'test/walk', 'completed', 'key:test', $1, $1, $1, $1, $1
       from generate_series(1, 5001) as n returning id)
     insert into job_events (job_id, sequence, type, at) select id, 1, 'completed', $1 from jobs`,
    at(0),
  );
  expect(await site.app.keepHouse()).toMatchObject({ usage: { counted: 5_001 } });
  expect(await used()).toMatchObject([{ jobs: 5_001 }]);
});
