import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { maintenanceFunctions } from "#maintenance/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
afterEach(() => shop.close());

const OPEN = new Date("2026-10-20T00:00:00Z");
async function open(options: Partial<Parameters<typeof workshop>[0]> = {}) {
  shop = await workshop({ start: OPEN, functions: maintenanceFunctions, ...options });
  await shop.app.keepHouse();
}
/** Ended jobs, each with an event, from a second after `from` on a second apart: every n-th completed, the others failed. */
const endedJobs = (count: number, completedEach = 2, from = "2026-10-20T00:00:00Z") =>
  shop.rows(
    `with made as (
       insert into jobs (kind, function_id, event_id, event_name, event_data, requester, owner, status, error, result,
         created_at, ready_at, due_at, released_at, ended_at, updated_at)
       select 'report', 'generate-report', 'event-' || at, 'report/generate', '{"email": "ann@example.com"}', 'user:ann', 'ann',
         case when n % $3 = 0 then 'completed' else 'failed' end,
         case when n % $3 > 0 then '{"code": "internal", "message": "ann@example.com"}'::jsonb end,
         '{"name": "Ann"}', at, at, at, at, at, at
       from generate_series(1, $1) as n cross join lateral (select $2::timestamptz + n * interval '1 second' as at) as times
       returning id, ended_at)
     insert into job_events (job_id, sequence, type, at, data)
     select id, 1, 'accepted', ended_at, '{"by": "ann@example.com"}' from made`,
    [count, from, completedEach],
  );
const files = async (): Promise<string[]> =>
  (await shop.rows("select name from storage.objects where bucket_id = 'archive' order by name")).map(
    ({ name }) => name,
  );
async function linesOf(path: string) {
  const response = await shop.database.fetch(
    new Request(`http://supabase.local/storage/v1/object/archive/${path}`, {
      headers: { apikey: shop.database.keys.secret },
    }),
  );
  const text = gunzipSync(Buffer.from(await response.arrayBuffer())).toString();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
const runs = () =>
  shop.rows("select status, priority, result from jobs where kind = 'archive-ledger' order by created_at");
/** The first of the next month, 04:00. */
async function archive() {
  const { body } = await shop.call("GET", "/api/schedules/archive-ledger");
  await shop.engine.advance(`${Date.parse(body.next.at) - shop.engine.clock.now().getTime()}ms`);
  await shop.app.keepHouse();
}

test("S4-84: once a month what ended in the past month is written to a private bucket, in class P5", async () => {
  await open();
  await endedJobs(3);
  // The first instant of November.
  await endedJobs(1, 2, "2026-10-31T23:59:59Z");
  await shop.rows(
    `insert into dead_letter_queue (event_name, event_data, error_message, failed_at, status, event_id, run_id, function_id,
       error_code, fingerprint, note, handled_by, handled_at)
     values ('report/generate', '{"email": "ann@example.com"}', 'ann@example.com', $1, 'ignored', 'e', 'r', 'generate-report',
       'internal', 'f', 'ann@example.com', 'key:ann@example.com', $1)`,
    ["2026-10-21T00:00:00Z"],
  );
  await archive();
  await shop.engine.idle();
  expect(shop.engine.clock.now().toISOString()).toBe("2026-11-01T04:00:00.000Z");
  expect(await runs()).toMatchObject([{ status: "completed", priority: 5, result: { months: 1, rows: 4 } }]);
  expect(await files()).toEqual(["2026-10/jobs-1.ndjson.gz", "2026-10/letters-1.ndjson.gz"]);
  expect(await shop.rows("select public from storage.buckets where id = 'archive'")).toEqual([
    { public: false },
  ]);
  const [jobs, letters] = [
    await linesOf("2026-10/jobs-1.ndjson.gz"),
    await linesOf("2026-10/letters-1.ndjson.gz"),
  ];
  expect(jobs.map(({ status, errorCode, events }) => [status, errorCode, events.length])).toEqual([
    ["failed", "internal", 1],
    ["completed", null, 1],
    ["failed", "internal", 1],
  ]);
  expect(letters).toMatchObject([{ status: "ignored", functionId: "generate-report" }]);
  expect(JSON.stringify([jobs, letters]).toLowerCase()).not.toContain("ann");

  // The next month has its job and the archive's own, and October is not written again.
  await archive();
  await shop.engine.idle();
  expect(
    await shop.rows("select month::text, row_count::int from private.archived_months order by 1"),
  ).toEqual([
    { month: "2026-10-01", row_count: 4 },
    { month: "2026-11-01", row_count: 2 },
  ]);
});

test("a run that is interrupted has each job once, in order", async () => {
  let pages = 0;
  await open({
    afterDatabase: (path) => {
      if (path.endsWith("/archive_jobs") && ++pages === 3) throw new TypeError("fetch failed");
      if (path.includes("/storage/v1/object/archive/") && pages === 4) throw new TypeError("fetch failed");
    },
  });
  // Few completed ones, because a kind keeps 1,000 of them.
  await endedJobs(2_500, 10);
  await archive();
  await shop.engine.waitFor(async () => (await runs())[0]?.status === "completed");
  expect(pages).toBeGreaterThan(5);
  const jobs = await linesOf("2026-10/jobs-1.ndjson.gz");
  const times = jobs.map(({ endedAt }) => Date.parse(endedAt));
  const expected = Array.from({ length: 2_500 }, (_, n) => OPEN.getTime() + (n + 1) * 1000);
  expect(times.length).toBe(2_500);
  expect(times.findIndex((at, n) => at !== expected[n])).toBe(-1);
  expect((await runs())[0].result).toMatchObject({ months: 1, rows: 2_500 });
});

test("old jobs whose month is not archived stay a month longer", async () => {
  await open();
  await shop.rows("insert into private.archived_months values ('2026-09-01', 0, 0, now())");
  await endedJobs(2);
  const left = async (before: string) => {
    await shop.rows("select purge_ledgers($1, $1, 500)", [before]);
    return (await shop.rows("select from jobs where kind = 'report'")).length;
  };
  expect(await left("2026-10-25T00:00:00Z")).toBe(2);
  await shop.rows("insert into private.archived_months values ('2026-10-01', 0, 0, now())");
  expect(await left("2026-10-20T00:00:02Z")).toBe(1);
  await shop.rows("delete from private.archived_months where month = '2026-10-01'");
  expect(await left("2026-11-19T00:00:00Z")).toBe(1);
  expect(await left("2026-11-21T00:00:00Z")).toBe(0);
});
