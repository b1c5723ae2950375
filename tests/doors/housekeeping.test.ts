import { afterAll, beforeAll, expect, test } from "vitest";
import { testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());

test("deletions that take all the time delay no schedule, no unsent job, no maintenance and no later deletion", async () => {
  let now = Date.parse("2026-11-28T08:59:00Z");
  let isFull = false;
  const { app } = await testApp(database, {
    clock: { now: () => new Date(now) },
    env: { REPORT_TIME_ZONE: "UTC" },
    outside: async () => Response.json({ ids: ["01"], status: 200 }),
    async database(input, init) {
      const url = input instanceof Request ? input.url : String(input);
      if (!isFull || !url.endsWith("/purge_imports")) return database.fetch(input, init);
      now += 1_000;
      return Response.json(2_000);
    },
  });
  await app.keepHouse();
  await database.sql.query("insert into private.left_files (bucket, path) values ('images', 'gone')");
  await database.sql.query("insert into private.left_files (bucket, path) values ('reports', 'gone')");
  [now, isFull] = [Date.parse("2026-11-28T09:01:00Z"), true];
  expect(await app.keepHouse()).toMatchObject({
    imports: { removed: 40_000 },
    // The daily report and the cache are due at 09:00.
    schedules: { fired: 2 },
    maintenance: { "refresh-cache": 0 },
    "left-files": { removed: 2 },
  });
  await insertJob(database.sql, {}, new Date(now));
  now = Date.parse("2026-11-28T09:04:00Z");
  expect(await app.keepHouse()).toMatchObject({ imports: { removed: 40_000 }, outbox: { sent: 1 } });
});
