import { afterAll, beforeAll, expect, test } from "vitest";
import { type PartsLedger, partsLedger } from "./ledger.ts";

let ledger: PartsLedger;
beforeAll(async () => {
  ledger = await partsLedger();
});
afterAll(() => ledger.close());

const isWaiting = `select from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;
const end = "select private.end_job($1, 'completed', null, null, $2)";
const PURGE = "select purge_ledgers('infinity', 'infinity', 10)";
const TRIM = "select trim_jobs('infinity', 10)";

/**
 * Runs `first` in a transaction, starts the deletion of the ended job, and runs `second` in the same transaction when the
 * deletion waits for it.
 */
async function whileDeleted(deletion: string, jobId: string, first: string, second: string) {
  await ledger.rows(end, jobId, ledger.now());
  ledger.later(1_000);
  const newer = await ledger.job();
  await ledger.rows(end, newer.jobId, ledger.now());
  await ledger.rows("update jobs set keep_completed = 1, owner = 'ada'");
  const client = await ledger.db.sql.connect();
  try {
    await client.query("begin");
    await client.query(first);
    const deleted = ledger.rows(deletion);
    await expect.poll(() => ledger.rows(isWaiting)).not.toEqual([]);
    await client.query(second);
    await client.query("commit");
    await deleted;
  } finally {
    client.release();
  }
  for (const table of ["job_parts", "job_plans"])
    expect(await ledger.rows(`select from ${table} where job_id = $1`, jobId)).toEqual([]);
  expect(await ledger.rows("select from jobs where id = $1", jobId)).toEqual([]);
}

test.each([
  { chore: "purge_ledgers", deletion: PURGE },
  { chore: "trim_jobs", deletion: TRIM },
])("a run that writes a part of an ended job does not deadlock with $chore", async ({ deletion }) => {
  const { jobId } = await ledger.job([10]);
  const claim = await ledger.claim(jobId, "late");
  if (claim.state !== "claimed") throw new Error(claim.state);
  const part = `${claim.id}, '${claim.token}'`;
  await whileDeleted(
    deletion,
    jobId,
    `select private.hold_part(${part}, 1)`,
    `select private.hold_part_of_open_job(${part}, 1), private.settle_part(${part}, '{"done": 10}', 11, now())`,
  );
});

test("a run that plans an ended job does not deadlock with the deletion of the job", async () => {
  const { jobId } = await ledger.job();
  await ledger.rows("select private.open_plan($1, null, now())", jobId);
  await whileDeleted(
    PURGE,
    jobId,
    `select private.open_plan('${jobId}', null, now())`,
    `select private.plan_parts('${jobId}', '{}', now())`,
  );
});
