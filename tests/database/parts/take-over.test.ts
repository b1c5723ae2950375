import { afterAll, beforeAll, expect, test } from "vitest";
import { type PartsLedger, partsLedger } from "./ledger.ts";

let ledger: PartsLedger;
beforeAll(async () => {
  ledger = await partsLedger();
});
afterAll(() => ledger.close());

const isWaiting = `select from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Starts the statements one after the other while the second part of the job is locked, then lets them end. */
async function crossing(jobId: string, ...statements: (() => Promise<unknown>)[]) {
  const client = await ledger.db.sql.connect();
  try {
    await client.query("begin");
    await client.query("select from job_parts where job_id = $1 and part_no = 2 for update", [jobId]);
    const answers: Promise<unknown>[] = [];
    for (const start of statements) {
      answers.push(start());
      await expect.poll(async () => (await ledger.rows(isWaiting)).length).toBe(answers.length);
    }
    await client.query("commit");
    await Promise.all(answers);
  } finally {
    client.release();
  }
}

/** A failed job of two parts, a later job, and the statements that take the plan over and delete the failed job. */
async function failedJob() {
  const { jobId } = await ledger.job([10, 10]);
  await ledger.rows("select private.end_job($1, 'failed', null, '{}', $2)", jobId, ledger.now());
  const heir = (await ledger.job()).jobId;
  return {
    jobId,
    heir,
    takeOver: () => ledger.rows("select private.open_plan($1, $2, $3)", heir, jobId, ledger.now()),
    remove: () => ledger.rows("select private.delete_jobs(array[$1::uuid])", jobId),
  };
}

test("a job that is deleted while its plan is taken over waits, and the plan stays", async () => {
  const { jobId, heir, takeOver, remove } = await failedJob();
  await crossing(jobId, takeOver, remove);
  expect(await ledger.statuses(heir)).toEqual(["pending", "pending"]);
  expect(await ledger.rows("select from jobs where id = $1", jobId)).toEqual([]);
});

test("a plan that is taken over while its job is deleted is gone, so the later job gets an empty plan", async () => {
  const { jobId, heir, takeOver, remove } = await failedJob();
  await crossing(jobId, remove, takeOver);
  expect(await ledger.statuses(heir)).toEqual([]);
  expect(await ledger.rows("select planned_at from job_plans where job_id = $1", heir)).toEqual([
    { planned_at: null },
  ]);
});
