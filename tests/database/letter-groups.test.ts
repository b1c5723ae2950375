/** A group of dead letters has one job at a time, also when two requests meet in the database. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

const now = "2026-11-29T12:00:00Z";
let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
  await db.sql.query(
    `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, failed_at)
     values ('test/order.paid', '{}', 'e', 'r', 'ship-order', '2-a', '2026-11-29T11:00:00Z')`,
  );
});
afterAll(() => db.close());

const wanted = (id: string) => ({
  id,
  event: "dead-letter/handle-group",
  functionId: "handle-letter-group",
  data: { groupJobId: id },
  requester: "key:one",
  owner: "operator",
});
const work = { fingerprint: "2-a", action: "reprocess", note: null, atOnce: 10, haltAfter: 5 };
const ACCEPT = "select id from accept_letter_group_job($1, $2, $3)";

test("a request waits for a concurrent one for the same group, and gets its job", async () => {
  const id = randomUUID();
  const first = await db.sql.connect();
  try {
    await first.query("begin");
    await first.query(ACCEPT, [work, wanted(id), now]);
    const second = db.sql.query(ACCEPT, [work, wanted(randomUUID()), now]);
    // Other test files of the cluster also wait for locks, so the query names this database.
    const isWaiting = `select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%accept_letter_group%'`;
    await expect.poll(async () => (await db.sql.query(isWaiting)).rowCount).toBe(1);
    await first.query("commit");
    expect((await second).rows).toEqual([{ id }]);
  } finally {
    first.release();
  }
});
