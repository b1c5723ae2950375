import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { dump } from "../support/dump.ts";

let database: TestDatabase | undefined;
const take = async () => {
  database = await freshDatabase();
  return database;
};
const putBack = async () => {
  await database?.close();
  database = undefined;
};
afterAll(putBack);

test("a test gets the database of an earlier test, with the content that the migrations left", async () => {
  const { url, sql } = await take();
  const migrated = await dump(database as TestDatabase);
  await sql.query("insert into email_lists (name, owner, created_at) values ('One', 'ann', now())");
  await sql.query("update private.work_kinds set summary = 'changed'");
  await sql.query("delete from private.alert_rules");
  await sql.query("insert into storage.buckets (id, name) values ('left', 'left')");
  await sql.query("analyze");
  expect(await dump(database as TestDatabase)).not.toEqual(migrated);
  await putBack();

  const next = await take();
  expect(next.url).toBe(url);
  expect(await dump(next)).toEqual(migrated);
  expect((await sql.query("select from storage.buckets where id = 'left'")).rowCount).toBe(0);
  expect((await sql.query("select from pg_stats where schemaname = 'private'")).rowCount).toBe(0);
});

test.each([
  ["a new function", "create function public.left_behind() returns int language sql as 'select 1'"],
  ["a trigger that is off", "alter table jobs disable trigger user"],
  ["a right", "grant select on jobs to anon"],
  ["a column", "alter table jobs add left_behind int"],
  [
    "a setting",
    "do $$ begin execute format('alter database %I set work_mem = ''9MB''', current_database()); end $$",
  ],
])("after %s, the database is not used again", async (_what, change) => {
  await putBack();
  const { url, sql } = await take();
  await sql.query(change);
  await putBack();
  expect((await take()).url).not.toBe(url);
});

test("a database that still answers a request of its test is not used again, and refuses later requests", async () => {
  await putBack();
  const { url, fetch } = await take();
  const sent = fetch("http://supabase.local/rest/v1/rpc/nothing", { method: "POST", body: "{}" });
  await putBack();
  await sent.catch(() => {});
  expect((await take()).url).not.toBe(url);
  await expect(fetch("http://supabase.local/rest/v1/jobs")).rejects.toThrow(
    "the test has closed its database",
  );
});

test.each(["begin", "select pg_advisory_lock(1)"])(
  "after '%s' in a session that is still there, the database is not used again",
  async (statement) => {
    await putBack();
    const { url } = await take();
    const session = new pg.Client({ connectionString: url });
    session.on("error", () => {}); // The database is dropped during the session
    await session.connect();
    await session.query(statement);
    await putBack();
    expect((await take()).url).not.toBe(url);
  },
);
