import { randomUUID } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

type Queryable = Pick<pg.Pool, "query">;

async function accept(on: Queryable = db.sql, owner = "ann"): Promise<string> {
  const id = randomUUID();
  return insertJob(on, { id, owner });
}

const here = async (): Promise<string> =>
  (await db.sql.query("select pg_current_snapshot()::text as position")).rows[0].position;

async function changes(after: string, { owner = null, reader = null, limit = 100 }: Who = {}) {
  const { rows } = await db.sql.query("select read_changes($1, $2, $3, $4) as said", [
    after,
    owner,
    reader,
    limit,
  ]);
  const { said } = rows[0];
  return { ...said, ids: said.jobs.map(({ job }: { job: { id: string } }) => job.id) };
}
type Who = { owner?: string | null; reader?: string | null; limit?: number };

/** A transaction that stays open until it is ended. */
async function openTransaction() {
  const client = await db.sql.connect();
  await client.query("begin");
  return {
    client,
    async end(how: "commit" | "rollback") {
      await client.query(how);
      client.release();
    },
  };
}

test("changes of a transaction that commits late are read after its commit, although newer changes were read before", async () => {
  const slow = await openTransaction();
  const late = await accept(slow.client);
  const start = await here();
  const early = await accept();

  // The open transaction delays no other changes …
  const first = await changes(start);
  expect(first.ids).toEqual([early]);
  await slow.end("commit");
  // … and its own row, with an older number, comes after its commit.
  const second = await changes(first.position);
  expect(second.ids).toEqual([late]);
  expect((await changes(second.position)).ids).toEqual([]);
});

test("changes of a transaction older than the position are read once it commits, and never when it is rolled back", async () => {
  const [slow, doomed] = [await openTransaction(), await openTransaction()];
  const late = await accept(slow.client);
  await accept(doomed.client);
  await accept();
  const start = await here();
  await doomed.end("rollback");
  expect((await changes(start)).ids).toEqual([]);
  await slow.end("commit");
  expect((await changes(start)).ids).toEqual([late]);
});

test("a job that changed several times is returned once, in its current state, without its event's data", async () => {
  const start = await here();
  const id = await accept();
  await db.sql.query("select start_run($1, 'test/walk', '{}', 'walk', 'run-1', 0, null, now())", [id]);
  await db.sql.query("select finish_run($1, 'walk', 'run-1', '{\"steps\": 3}', now())", [id]);
  const { jobs } = await changes(start);
  expect(jobs).toEqual([
    {
      job: expect.objectContaining({
        id,
        status: "completed",
        result: { steps: 3 },
        event_count: 3,
        blocked: null,
      }),
      runs: [expect.objectContaining({ run_id: "run-1", status: "completed" })],
      events: [1, 2, 3].map((sequence) => expect.objectContaining({ sequence })),
      waitingUntil: null,
      lastError: null,
      childCount: 0,
    },
  ]);
  expect(jobs[0].job).not.toHaveProperty("event_data");
});

test("S3-10: the progress of running jobs is included, although it writes no timeline event", async () => {
  const id = await accept();
  await db.sql.query("select start_run($1, 'test/walk', '{}', 'walk', $2, 0, null, now())", [id, id]);
  const start = await here();
  await db.sql.query("select private.advance_job($1, 40, 100, now())", [id]);
  const { ids, running } = await changes(start, { owner: "ann" });
  expect(ids).toEqual([]);
  expect(running).toEqual([
    expect.objectContaining({ id, progress_done: 40, progress_total: 100, waiting_until: null }),
  ]);
  expect((await changes(start, { owner: "bob" })).running).toEqual([]);
});

test("jobs and notifications of other owners are not returned", async () => {
  const start = await here();
  const [anns, bobs] = [await accept(db.sql, "ann"), await accept(db.sql, "bob")];
  await db.sql.query("select notify('bob', 'NEW_MESSAGE', '{}', null, now())");
  const ann = await changes(start, { owner: "ann", reader: "ann" });
  expect({ ids: ann.ids, notifications: ann.notifications }).toEqual({ ids: [anns], notifications: [] });
  const bob = await changes(start, { owner: "bob", reader: "bob" });
  expect(bob.ids).toEqual([bobs]);
  expect(bob.notifications).toEqual([
    { owner: "bob", view: expect.objectContaining({ type: "NEW_MESSAGE", userId: "bob" }) },
  ]);
});

test("reading is incomplete when there are more changes than the limit, or the position comes from another database", async () => {
  const start = await here();
  for (let n = 0; n < 3; n++) await accept();
  expect(await changes(start, { limit: 2 })).toMatchObject({ isComplete: false, jobs: [] });
  expect(await changes(start, { limit: 3 })).toMatchObject({ isComplete: true, ids: { length: 3 } });
  expect(await changes("900000000000:900000000000:")).toMatchObject({ isComplete: false });
});

test("rows that a restored copy brings from future transaction numbers are not reported as changes", async () => {
  const id = await accept();
  const start = await here();
  await db.sql.query("update job_events set xid = '900000000000' where job_id = $1", [id]);
  expect((await changes(start)).ids).toEqual([]);
});

test("a snapshot holds the newest jobs up to its limit, and every unfinished job however old", async () => {
  const owner = randomUUID();
  const old = await accept(db.sql, owner);
  await db.sql.query("update jobs set created_at = now() - interval '1 year' where id = $1", [old]);
  for (let n = 0; n < 101; n++) {
    const id = await accept(db.sql, owner);
    await db.sql.query("select private.end_job($1, 'completed', null, null, now())", [id]);
  }
  const { rows } = await db.sql.query(
    "select read_live_snapshot($1, $1, null, null, null, null, null, null, null, null, null, null) as said",
    [owner],
  );
  const jobs: { id: string; status: string }[] = rows[0].said.jobs;
  expect(jobs.filter(({ status }) => status === "completed")).toHaveLength(100);
  expect(jobs.at(-1)?.id).toBe(old);
});
