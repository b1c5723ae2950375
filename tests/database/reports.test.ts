import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

const NOW = "2026-11-10T12:00:00Z";
let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

const sql = async (text: string, values: unknown[] = []) => (await db.sql.query(text, values)).rows;

async function report(): Promise<string> {
  const id = await insertJob(db.sql, { functionId: "generate-report" }, new Date(NOW));
  await sql(
    `insert into reports (id, owner, scope, type, format, starts_at, ends_at, expires_at, created_at)
     values ($1, 'operator', 'operator', 'contacts', 'csv', '2026-11-01', '2026-11-10', '2026-11-17', $2)`,
    [id, NOW],
  );
  return id;
}

test("a report that is revoked while it is generated stays revoked: its file expires at once, and no fact tells of it", async () => {
  await sql("create table told (type text, key text)");
  await sql(`create function private.tell(type text, owner text, key text, data jsonb, now timestamptz) returns void
    language sql as 'insert into public.told values ($1, $3)'`);
  await sql("insert into private.fact_listeners (function_name) values ('private.tell')");
  const [kept, revoked] = [await report(), await report()];
  await sql("select revoke_report($1, 'operator', $2)", [revoked, NOW]);
  for (const id of [kept, revoked]) await sql("select complete_report($1, $2, 3, 100, $2)", [id, NOW]);
  expect(await sql("select * from told")).toEqual([{ type: "report.ready", key: kept }]);
  const [row] = await sql("select expires_at from reports where id = $1", [revoked]);
  expect(row.expires_at).toEqual(new Date(NOW));
});

test("an erasure deletes the pages that contain the address, piece by piece, and no others", async () => {
  const id = await report();
  await sql(
    `insert into private.report_pages (snapshot_id, page, report_id, rows)
     select gen_random_uuid(), n, $1, jsonb_build_array(jsonb_build_array(
       case n % 2 when 0 then 'Ada@example.com' else 'xada@example.com' end, n)) from generate_series(1, 250) as n`,
    [id],
  );
  const erasure = crypto.randomUUID();
  await sql(
    "insert into erasures (id, email, requester, created_at) values ($1, 'ada@example.com', 'key:test', $2)",
    [erasure, NOW],
  );
  const erase = async () => (await sql("select erase_piece($1, $2) as state", [erasure, NOW]))[0].state;
  expect([await erase(), await erase(), await erase()]).toEqual(["more", "more", "again"]);
  expect(
    await sql("select counts -> 'report_pages' as pages from erasures where id = $1", [erasure]),
  ).toEqual([{ pages: 125 }]);
  expect(
    await sql("select count(*)::int as pages from private.report_pages where rows::text like '%xada%'"),
  ).toEqual([{ pages: 125 }]);
});

test("a report about users contains no erased subscriber, and no list that has only erased ones", async () => {
  await sql(
    `with lists as (
       insert into email_lists (owner, name, created_at) values ('ann', 'Both', $1), ('ann', 'Erased', $1)
       returning id, name
     )
     insert into email_subscribers (list_id, email, status, created_at, updated_at)
     select id, 'erased-' || name, 'erased', $1::timestamptz, $1 from lists
     union all select id, 'bob@example.com', 'active', $1, $1 from lists where name = 'Both'`,
    [NOW],
  );
  const period = "'users', 'ann', '2026-11-01', '2026-12-01', null";
  const [row] = await sql(
    `select private.export_rows(${period}, 10) as rows, private.export_figures(${period}) as figures`,
  );
  expect(row.rows.map(([, email]: string[]) => email)).toEqual(["bob@example.com"]);
  expect(row.figures).toMatchObject({ rowCount: 1, byStatus: { active: 1 }, lists: 1 });
});
