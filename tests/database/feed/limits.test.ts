/** A person follows and blocks a limited number of others, also when two requests meet in the database. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

test.each(["follow_author", "block_person"])(
  "two requests of %s at once do not pass the limit",
  async (name) => {
    const call = `select ${name}('reader', $1, 1, '2026-11-29T12:00:00Z')`;
    const first = await db.sql.connect();
    try {
      await first.query("begin");
      await first.query(call, ["ada"]);
      const second = db.sql.query(call, ["bob"]).catch((error: unknown) => error);
      const isWaiting = `select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%${name}%'`;
      await expect.poll(async () => (await db.sql.query(isWaiting)).rowCount).toBe(1);
      await first.query("commit");
      expect(String(await second)).toContain("which is the limit");
    } finally {
      first.release();
    }
  },
);
