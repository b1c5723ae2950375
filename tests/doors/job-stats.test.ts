import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

const NOW = new Date("2026-11-01T12:30:30Z");
let database: TestDatabase;
let site: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, { clock: { now: () => NOW } });
});
afterAll(() => database.close());
beforeEach(() => database.sql.query("truncate jobs cascade"));

const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

type Work = {
  priority?: number;
  owner?: string;
  at?: Date;
  startedAt?: Date;
  end?: string;
  delayMs?: number;
};
async function work({ priority = 3, owner = "ann", at = NOW, startedAt, end, delayMs = 0 }: Work = {}) {
  const id = randomUUID();
  await insertJob(database.sql, { id, owner, priority, delayMs }, at);
  if (startedAt) {
    await database.sql.query(`select start_run($1, 'test/walk', '{}', 'walk', $1 || ' run', 0, null, $2)`, [
      id,
      startedAt,
    ]);
  }
  if (end) await database.sql.query("select private.end_job($1, $2, null, null, $3)", [id, end, NOW]);
  return id;
}
const stats = async (as: "ann" | "bob" | "admin" = "ann") => {
  const { status, body } = await site.call("GET", "/api/jobs/stats", { as });
  expect(status).toBe(200);
  return body;
};

describe("GET /api/jobs/stats", () => {
  test("200: each priority has its name, its promise, and the share of jobs that began in time", async () => {
    // Three have begun, one of them late; one waits, and one waits beyond its due time.
    for (const seconds of [10, 59, 61])
      await work({ priority: 2, at: ago(600), startedAt: ago(600 - seconds) });
    await work({ priority: 2, at: ago(30) });
    await work({ priority: 2, at: ago(90) });
    const { classes } = await stats();
    expect(classes.map(({ name }: { name: string }) => name)).toEqual([
      "critical",
      "high",
      "normal",
      "low",
      "background",
    ]);
    expect(classes[1]).toEqual({
      priority: 2,
      name: "high",
      promiseMs: 60_000,
      waiting: 2,
      running: 3,
      oldestWaitingMs: 90_000,
      started: 3,
      begunOrLate: 4,
      keptShare: 0.5,
      waitMsP50: 59_000,
      waitMsP99: 61_000,
    });
  });

  test("200: a priority with no work or no promise has no share of kept promises", async () => {
    await work({ priority: 5, at: ago(60), startedAt: ago(30) });
    const { classes } = await stats();
    expect(classes[0]).toMatchObject({ waiting: 0, started: 0, keptShare: null, oldestWaitingMs: null });
    expect(classes[4]).toMatchObject({ promiseMs: null, started: 1, keptShare: null, waitMsP50: 30_000 });
  });

  test("200: the statistics per minute cover the last hour; failures and retries are rates", async () => {
    await work({ at: ago(90), startedAt: ago(60), end: "completed" });
    await work({ at: ago(3540), startedAt: ago(20), end: "completed" });
    const failed = await work({ at: ago(90), startedAt: ago(20), end: "failed" });
    await database.sql.query(`select private.record_job_event($1, 'retrying', '{}', $2)`, [failed, ago(10)]);
    await work({ at: ago(7200), startedAt: ago(7000) });
    const { perMinute, failureRate, retryRate } = await stats();
    expect(perMinute).toHaveLength(60);
    expect(perMinute[59]).toEqual({
      at: "2026-11-01T12:30:00+00:00",
      accepted: 0,
      started: 2,
      completed: 2,
      failed: 1,
      retried: 1,
    });
    expect(perMinute[58]).toMatchObject({ accepted: 2, started: 1 });
    expect(perMinute[0]).toMatchObject({ at: "2026-11-01T11:31:00+00:00", accepted: 1 });
    expect({ failureRate, retryRate }).toEqual({ failureRate: 1 / 3, retryRate: 0.25 });
  });

  test("T29: a skipped job counts neither as failed nor as completed", async () => {
    await work({ at: ago(90), startedAt: ago(60), end: "skipped" });
    expect(await stats()).toMatchObject({ failureRate: null });
  });

  test("S3-13: one worker is wanted per hundred waiting jobs, and delayed jobs do not count", async () => {
    expect((await stats()).workersWanted).toBe(0);
    for (let n = 0; n < 101; n++) await work();
    await work({ delayMs: 1000 });
    expect((await stats()).workersWanted).toBe(2);
  });

  test("200: a caller's statistics cover their own jobs, an administrator's cover all jobs", async () => {
    await work();
    await work({ owner: "bob", startedAt: NOW, end: "failed" });
    const seen = async (as: "ann" | "bob" | "admin") => {
      const { classes, perMinute, failureRate } = await stats(as);
      return [classes[2].waiting, perMinute[59].accepted, failureRate];
    };
    expect(await seen("ann")).toEqual([1, 1, null]);
    expect(await seen("bob")).toEqual([0, 1, 1]);
    expect(await seen("admin")).toEqual([1, 2, 1]);
  });
});
