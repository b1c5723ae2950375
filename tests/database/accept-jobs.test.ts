import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PRIORITIES, prioritySchema } from "#lib/engine/priorities.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { type Wanted, wanted } from "../support/jobs.ts";

let db: TestDatabase;
let now: Date;
let requester: string;

beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());
beforeEach(() => {
  now = new Date("2026-11-01T12:00:00Z");
  requester = `key:${randomUUID()}`;
});

const accept = async (request: Wanted = {}) =>
  (await db.sql.query("select * from private.accept_job($1, $2)", [wanted({ requester, ...request }), now]))
    .rows[0];
/** Registers a kind of work with these limits. */
async function register(limits: object) {
  const functionId = randomUUID();
  const kind = { function_id: functionId, event_name: `test/${functionId}`, ...limits };
  await db.sql.query("select private.register_work_kind($1)", [JSON.stringify(kind)]);
  return functionId;
}
const later = (ms: number) => {
  now = new Date(now.getTime() + ms);
};

describe("idempotency", () => {
  test("the same idempotency key returns the same job", async () => {
    const first = await accept({ key: "k1", data: { a: 1 } });
    const second = await accept({ key: "k1", data: { a: 1 } });
    expect(second.id).toBe(first.id);
  });

  test("idempotency keys of different requesters are independent", async () => {
    const first = await accept({ key: "k1" });
    requester = "key:other";
    expect((await accept({ key: "k1" })).id).not.toBe(first.id);
  });

  test("one key for two different requests is a conflict", async () => {
    await accept({ key: "k1", data: { a: 1 } });
    await expect(accept({ key: "k1", data: { a: 2 } })).rejects.toMatchObject({
      code: "PT409",
      hint: "idempotency_conflict",
    });
  });

  test("a room can say which text makes two requests equal", async () => {
    const first = await accept({ key: "k1", data: { a: 1 }, comparedData: "same" });
    expect((await accept({ key: "k1", data: { a: 2 }, comparedData: "same" })).id).toBe(first.id);
    await expect(accept({ key: "k1", data: { a: 1 }, comparedData: "other" })).rejects.toThrow(
      "another request",
    );
  });

  test.each([
    { priority: 2 },
    { deadlineAt: "2026-11-01T13:00:00Z" },
    { delayMs: 1 },
    { attempts: 2 },
    { backoffMs: 1 },
    { keepCompleted: 5 },
  ])("options are part of the request: the same key with %j is a conflict", async (option) => {
    const first = await accept({ key: "k1", ...option });
    expect((await accept({ key: "k1", ...option })).id).toBe(first.id);
    await expect(accept({ key: "k1" })).rejects.toMatchObject({ hint: "idempotency_conflict" });
  });

  test("a request that is repeated under its id makes one job", async () => {
    const id = randomUUID();
    expect((await accept({ id })).id).toBe(id);
    expect((await accept({ id })).id).toBe(id);
  });

  test.each([{}, { per_second: null }])("20 requests with one key make one job (%j)", async (limits) => {
    const functionId = await register(limits);
    const jobs = await Promise.all(Array.from({ length: 20 }, () => accept({ key: "k1", functionId })));
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
  });

  test("a request waits for a concurrent one with the same key, and gets its job", async () => {
    const id = randomUUID();
    const first = await db.sql.connect();
    try {
      await first.query("begin");
      await first.query("select private.accept_job($1, $2)", [wanted({ id, requester, key: "k1" }), now]);
      const second = accept({ key: "k1" });
      // Other test files of the cluster also wait for locks, so the query names this one.
      const isWaiting = `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%accept_job%'`;
      await expect.poll(async () => (await db.sql.query(isWaiting)).rowCount).toBe(1);
      await first.query("commit");
      expect((await second).id).toBe(id);
    } finally {
      first.release();
    }
  });
});

describe("the rate limit (429)", () => {
  let limits: { functionId: string };
  beforeAll(async () => {
    limits = { functionId: await register({ per_second: 10 }) };
  });

  test("S3-11: a requester may use one second's allowance at once, then is told when to retry", async () => {
    for (let n = 0; n < 10; n++) await accept(limits);
    await expect(accept(limits)).rejects.toMatchObject({
      code: "PT429",
      hint: "too_many_requests",
      detail: "1",
    });
  });

  test("a requester that keeps to the agreed pace is accepted, and a refused call uses no allowance", async () => {
    for (let n = 0; n < 10; n++) await accept(limits);
    for (let n = 0; n < 5; n++)
      await expect(accept(limits)).rejects.toThrow("More than 10 requests per second");
    for (let n = 0; n < 20; n++) {
      later(100);
      await accept(limits);
    }
  });

  test("S1-25: a requester over the limit does not slow down other requesters", async () => {
    for (let n = 0; n < 10; n++) await accept(limits);
    requester = "key:calm";
    await expect(accept(limits)).resolves.toBeDefined();
  });

  test("of 100 simultaneous requests exactly the allowed number is accepted", async () => {
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => accept(limits)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
  });
});

test("S3-11, S3-12: a work kind without its own limits allows 100 requests a second and 10,000 waiting jobs", async () => {
  const { rows } = await db.sql.query(
    "select per_second, waiting, priority from private.work_kind('anything')",
  );
  expect(rows).toEqual([{ per_second: 100, waiting: 10_000, priority: 3 }]);
});

test("an accepted job is unsent and has an accepted event in its timeline", async () => {
  const job = await accept({ data: { a: 1 } });
  expect(job).toMatchObject({
    status: "queued",
    event_id: job.id,
    event_data: { a: 1, priority: 3 },
    sent_at: null,
  });
  const { rows } = await db.sql.query("select sequence, type from job_events where job_id = $1", [job.id]);
  expect(rows).toEqual([{ sequence: 1, type: "accepted" }]);
});

describe("due times", () => {
  test.each([
    [1, 1_000],
    [2, 60_000],
    [3, 300_000],
    [4, 3_600_000],
    [5, 86_400_000],
  ])("S4-51: work of priority %i is due within %i ms", async (priority, dueMs) => {
    const job = await accept({ priority });
    expect(job.due_at.getTime() - job.created_at.getTime()).toBe(dueMs);
    const promiseMs = PRIORITIES[prioritySchema.parse(priority)].promiseMs;
    // Work without a promise has a due time too.
    expect(promiseMs ?? 24 * 60 * 60_000).toBe(dueMs);
  });

  test("S3-7: a job with a delay of 5 s is due 5 s later, and is sent from the outbox only near that time", async () => {
    const job = await accept({ delayMs: 5000, priority: 1 });
    expect(job.ready_at.getTime() - now.getTime()).toBe(5000);
    expect(job.released_at).toEqual(job.ready_at);
    expect(job.due_at.getTime() - now.getTime()).toBe(6000);
    const unsent = async (ahead: number) =>
      (await db.sql.query("select id from unsent_jobs($1, $2, 1000)", [now, new Date(now.getTime() + ahead)]))
        .rows;
    expect(await unsent(4999)).not.toContainEqual({ id: job.id });
    expect(await unsent(5000)).toContainEqual({ id: job.id });
  });

  test("a held job enters the outbox when its room releases it, and a second release changes nothing", async () => {
    const job = await accept({ held: true });
    const unsent = async () => (await db.sql.query("select id from unsent_jobs($1, $1, 1000)", [now])).rows;
    expect(await unsent()).not.toContainEqual({ id: job.id });
    const release = async () =>
      (await db.sql.query("select private.release_jobs($1, $2) as count", [[job.id], now])).rows[0].count;
    expect([await release(), await release()]).toEqual([1, 0]);
    expect(await unsent()).toContainEqual({ id: job.id });
    const { rows } = await db.sql.query("select type from job_events where job_id = $1 order by sequence", [
      job.id,
    ]);
    expect(rows).toEqual([{ type: "accepted" }, { type: "released" }]);
  });

  test("the options that the engine needs are part of the event's data", async () => {
    const deadlineAt = "2026-11-01T13:00:00Z";
    const job = await accept({ data: { a: 1 }, priority: 2, deadlineAt, attempts: 3, backoffMs: 1000 });
    expect(job.event_data).toEqual({ a: 1, priority: 2, deadlineAt, attempts: 3, backoffMs: 1000 });
    expect(job.deadline_at).toEqual(new Date(deadlineAt));
  });
});
