/** The archive's months are months in UTC, whatever time zone the database is set to. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

const EDGES = [
  "2026-09-30T23:59:59Z",
  "2026-10-01T00:00:00Z",
  "2026-10-31T23:59:59Z",
  "2026-11-01T00:00:00Z",
];
let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
  for (const at of EDGES) {
    const id = await insertJob(db.sql, {}, new Date(at));
    await db.sql.query("update jobs set status = 'failed', ended_at = $2 where id = $1", [id, at]);
    await db.sql.query(
      `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, failed_at,
         status, handled_at, handled_by, note)
       values ('test/walk', '{}', $1, $1, 'walk', '2-a', $2, 'ignored', $2, 'key:test', 'no use')`,
      [id, at],
    );
  }
});
afterAll(() => db.close());

test.each(["UTC", "Asia/Tokyo", "America/New_York"])(
  "a database in %s archives what ended in October",
  async (zone) => {
    const client = await db.sql.connect();
    try {
      await client.query(`set time zone '${zone}'`);
      for (const [name, field] of [
        ["archive_jobs", "endedAt"],
        ["archive_letters", "handledAt"],
      ]) {
        const { rows } = await client.query(
          `select (entry -> 1 ->> '${field}')::timestamptz as at from jsonb_array_elements(${name}('2026-10-01', null, 10)) as entry`,
        );
        expect(rows.map(({ at }) => at.toISOString())).toEqual([
          "2026-10-01T00:00:00.000Z",
          "2026-10-31T23:59:59.000Z",
        ]);
      }
      const { rows } = await client.query("select next_archive_month('2026-12-01T00:00:00Z')::text as month");
      expect(rows).toEqual([{ month: "2026-09-01" }]);
    } finally {
      client.release(true);
    }
  },
);
