/** The documents' limits on how much work is taken in and kept, at the doors of the product. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { wanted } from "../support/jobs.ts";

let db: TestDatabase;
let site: TestApp;
let now: Date;
beforeEach(async () => {
  now = new Date("2026-11-10T12:00:00Z");
  db = await freshDatabase();
  site = await testApp(db, { clock: { now: () => now }, outside: takeEvents });
});
afterEach(() => db.close());

/** The engine, as far as it takes events. */
const takeEvents: typeof fetch = async (input, init) => {
  const events: { id: string }[] = await new Request(input, init).json();
  return Response.json({ ids: events.map(({ id }) => id), status: 200 });
};
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000);
};
/** A new report each time, because each has another period. */
let asked = 0;
const askForReport = () => {
  const start = new Date(Date.UTC(2000, 0, 1 + asked++)).toISOString().slice(0, 10);
  return site.call("POST", "/api/reports", {
    as: "ann",
    body: { reportType: "users", dateRange: { start, end: start } },
  });
};
/** Accepts that many reports without a limit, and marks them as sent to the engine. */
const acceptReports = (count: number) =>
  db.sql.query(
    `select mark_jobs_sent(array_agg((job).id), $2) from (
       select private.insert_job($1::jsonb - 'id', $2) as job from generate_series(1, $3)) as accepted`,
    [wanted({ functionId: "generate-report", kind: "generate-report" }), now, count],
  );

test("S3-11: 429: the 101st request of a second is refused, and is accepted a second later", async () => {
  for (let n = 0; n < 100; n++) expect((await askForReport()).status).toBe(202);
  const refused = await askForReport();
  expect(refused).toMatchObject({ status: 429, body: { error: "More than 100 requests per second" } });
  expect(refused.headers.get("retry-after")).toBe("1");
  later(1);
  expect((await askForReport()).status).toBe(202);
});

describe("503: the queue is full or too slow", () => {
  test('S3-12: ten thousand jobs of a kind may wait; the next request is answered with "Queue full"', async () => {
    await acceptReports(9_999);
    expect((await askForReport()).status).toBe(202);
    const refused = await askForReport();
    expect(refused.status).toBe(503);
    expect(refused.body.error).toMatch(/^Queue full: 10000 jobs/);
  });

  test('S3-14: work that would begin too late is answered with "Service busy, retry later"', async () => {
    await acceptReports(302);
    // One job began each second, which is the pace; after that none for five minutes.
    await db.sql.query(
      `update jobs set status = 'running', started_at = $1::timestamptz + place * interval '1 second'
       from (select id, row_number() over (order by id) as place from jobs) as line
       where jobs.id = line.id and place <= 60`,
      [now],
    );
    later(60);
    expect((await askForReport()).body.error).toBe("Service busy, retry later");
    later(301);
    const refused = await askForReport();
    expect(refused).toMatchObject({ status: 503, body: { error: "Service busy, retry later" } });
    expect(refused.headers.get("retry-after")).toBe("30");
  });
});

test("S3-12: of the jobs that ended more than nine days ago, housekeeping keeps the newest 1000 completed and 5000 failed of a kind", async () => {
  const end = async (status: string, count: number) => {
    await acceptReports(count);
    await db.sql.query(
      "update jobs set status = $1, started_at = $2, ended_at = $2 where status = 'queued'",
      [status, now],
    );
  };
  await end("completed", 1_002);
  await end("failed", 5_002);
  later(10 * 24 * 60 * 60);
  await site.app.keepHouse();
  const { rows } = await db.sql.query(
    "select status, count(*)::int from jobs group by status order by status",
  );
  expect(rows).toEqual([
    { status: "completed", count: 1000 },
    { status: "failed", count: 5000 },
  ]);
});
