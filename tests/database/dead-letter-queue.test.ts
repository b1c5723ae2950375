import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

test("S4-39: dead_letter_queue has the documents' columns, defaults and indexes, unchanged", async () => {
  const { rows: columns } = await db.sql.query(
    `select column_name, data_type, is_nullable, column_default from information_schema.columns
     where table_name = 'dead_letter_queue'`,
  );
  const column = (name: string) => {
    const found = columns.find(({ column_name }) => column_name === name);
    return [found?.data_type, found?.is_nullable, found?.column_default];
  };
  expect(column("id")).toEqual(["uuid", "NO", "gen_random_uuid()"]);
  expect(column("event_name")).toEqual(["text", "NO", null]);
  expect(column("event_data")).toEqual(["jsonb", "NO", null]);
  expect(column("error_message")).toEqual(["text", "YES", null]);
  expect(column("error_stack")).toEqual(["text", "YES", null]);
  expect(column("attempts")).toEqual(["integer", "NO", "1"]);
  expect(column("failed_at")).toEqual(["timestamp with time zone", "NO", "now()"]);
  expect(column("reprocessed_at")).toEqual(["timestamp with time zone", "YES", null]);
  expect(column("status")).toEqual(["text", "NO", "'failed'::text"]);
  expect(column("created_at")).toEqual(["timestamp with time zone", "NO", "now()"]);

  const { rows: indexes } = await db.sql.query(
    "select indexdef from pg_indexes where tablename = 'dead_letter_queue'",
  );
  for (const name of ["status", "event_name", "failed_at"]) {
    expect(indexes.some(({ indexdef }) => indexdef.includes(`btree (${name}`))).toBe(true);
  }
});

test.each(["failed", "reprocessed", "ignored", "open"])(
  "S4-39: status %s: the column accepts only failed, reprocessed and ignored",
  async (status) => {
    const insert = db.sql.query(
      `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, status,
       handled_by, handled_at, reprocessed_at, note)
     select 'e', '{}', 'e', $1, 'f', 'f', $1, case when $1 <> 'failed' then 'x' end,
       case when $1 <> 'failed' then now() end, case when $1 = 'reprocessed' then now() end, 'why'`,
      [status],
    );
    if (status === "open") await expect(insert).rejects.toThrow("dead_letter_queue_status_is_valid");
    else await expect(insert).resolves.toMatchObject({ rowCount: 1 });
  },
);

test("a handled dead letter must record the person and the time, and an ignored one the reason", async () => {
  const set = (change: string) =>
    db.sql.query(`update dead_letter_queue set ${change} where status = 'failed'`);
  await expect(set("status = 'ignored', note = 'x'")).rejects.toThrow("handled_letters");
  await expect(set("status = 'ignored', note = null, handled_by = 'x', handled_at = now()")).rejects.toThrow(
    "dead_letter_queue_ignored_letters_say_why",
  );
});
