import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { limitsFor } from "#jobs/limits.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

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

type Request = {
  id?: string;
  kind?: string;
  key?: string | null;
  data?: object;
  limits?: object;
  fingerprint?: string | null;
};
async function accept({
  id = randomUUID(),
  kind = "walk",
  key = null,
  data = {},
  limits = {},
  fingerprint = null,
}: Request = {}) {
  const { rows } = await db.sql.query(
    "select * from private.accept_job($1, 'ann', $2, 'walk', 'test/walk', $3, $4, $5, null, $6, $7, $8)",
    [id, requester, JSON.stringify(data), kind, key, JSON.stringify(limits), now, fingerprint],
  );
  return rows[0];
}
const later = (ms: number) => {
  now = new Date(now.getTime() + ms);
};

describe("idempotency", () => {
  test("the same key brings the same job back", async () => {
    const first = await accept({ key: "k1", data: { a: 1 } });
    const second = await accept({ key: "k1", data: { a: 1 } });
    expect(second.id).toBe(first.id);
  });

  test("keys belong to their requester", async () => {
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

  test("what makes two requests the same may be said by the room", async () => {
    const first = await accept({ key: "k1", data: { a: 1 }, fingerprint: "same" });
    expect((await accept({ key: "k1", data: { a: 2 }, fingerprint: "same" })).id).toBe(first.id);
  });

  test.each([{ limits: {} }, { limits: { perSecond: 100 } }])(
    "20 at once under one key make one job (%j)",
    async ({ limits }) => {
      const jobs = await Promise.all(Array.from({ length: 20 }, () => accept({ key: "k1", limits })));
      expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    },
  );

  test("a request that comes while the first is still being written waits for it, and gets its job", async () => {
    const id = randomUUID();
    const call = `select id from private.accept_job('${id}', 'ann', $1, 'walk', 'test/walk', '{}', 'walk', 'k1', null, '{}', now())`;
    const first = await db.sql.connect();
    try {
      await first.query("begin");
      await first.query(call, [requester]);
      const second = accept({ key: "k1" });
      const isWaiting =
        "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%accept_job%'";
      await vi.waitUntil(async () => (await db.sql.query(isWaiting)).rowCount === 1);
      await first.query("commit");
      expect((await second).id).toBe(id);
    } finally {
      first.release();
    }
  });
});

describe("429: a caller who is too fast", () => {
  const limits = { perSecond: 10 };

  test("S3-11: gets a second's worth at once, then is told when to come back", async () => {
    for (let n = 0; n < 10; n++) await accept({ limits });
    await expect(accept({ limits })).rejects.toMatchObject({
      code: "PT429",
      hint: "too_many_requests",
      detail: "1",
    });
  });

  test("may go on at the agreed pace, and a refused call costs nothing", async () => {
    for (let n = 0; n < 10; n++) await accept({ limits });
    for (let n = 0; n < 5; n++)
      await expect(accept({ limits })).rejects.toThrow("More than 10 requests per second");
    for (let n = 0; n < 20; n++) {
      later(100);
      await accept({ limits });
    }
  });

  test("S1-25: is alone in this: others are not slowed down", async () => {
    for (let n = 0; n < 10; n++) await accept({ limits });
    requester = "key:calm";
    await expect(accept({ limits })).resolves.toBeDefined();
  });

  test("100 at once: exactly the allowed ones come in", async () => {
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => accept({ limits })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
  });
});

describe("503: we are full", () => {
  test("S1-7, S1-18, S3-12: no place, no job; a place again, a job again", async () => {
    const kind = randomUUID();
    const limits = { waiting: 3 };
    const first = await accept({ kind, limits });
    await accept({ kind, limits });
    await accept({ kind, limits });
    await expect(accept({ kind, limits })).rejects.toMatchObject({
      code: "PT503",
      hint: "queue_full",
      message: expect.stringMatching(/^Queue full/),
    });
    await db.sql.query("select private.end_job($1, 'completed', null, null, $2)", [first.id, now]);
    await expect(accept({ kind, limits })).resolves.toBeDefined();
  });

  test("S3-14: Retry-After is 30 s when nothing moves", async () => {
    const kind = randomUUID();
    await accept({ kind, limits: { waiting: 1 } });
    await expect(accept({ kind, limits: { waiting: 1 } })).rejects.toMatchObject({ detail: "30" });
  });

  test("Retry-After follows the pace of the last minute", async () => {
    const kind = randomUUID();
    for (let n = 0; n < 12; n++) {
      const { id } = await accept({ kind });
      await db.sql.query("update jobs set status = 'running', started_at = $2 where id = $1", [id, now]);
    }
    for (let n = 0; n < 40; n++) await accept({ kind });
    // 12 a minute: one place in twenty of 40 is free after ten seconds.
    await expect(accept({ kind, limits: { waiting: 40 } })).rejects.toMatchObject({ detail: "10" });
  });

  test("one kind that is full leaves the others alone", async () => {
    const kind = randomUUID();
    await accept({ kind, limits: { waiting: 1 } });
    await expect(accept({ kind: randomUUID(), limits: { waiting: 1 } })).resolves.toBeDefined();
  });

  test("a known key is answered even when we are full", async () => {
    const kind = randomUUID();
    const limits = { waiting: 1 };
    const first = await accept({ kind, limits, key: "k1" });
    expect((await accept({ kind, limits, key: "k1" })).id).toBe(first.id);
  });
});

test("S3-11, S3-12: the defaults are 100 a second and 10,000 waiting", () => {
  expect(limitsFor("anything")).toMatchObject({ perSecond: 100, waiting: 10_000, priority: 3 });
});

test("an accepted job stands in the outbox with its first event", async () => {
  const job = await accept({ data: { a: 1 } });
  expect(job).toMatchObject({ status: "queued", event_id: job.id, event_data: { a: 1 }, sent_at: null });
  const { rows } = await db.sql.query("select sequence, type from job_events where job_id = $1", [job.id]);
  expect(rows).toEqual([{ sequence: 1, type: "accepted" }]);
});
