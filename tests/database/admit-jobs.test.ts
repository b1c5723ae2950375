import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { wanted } from "../support/jobs.ts";

let db: TestDatabase;
let now: Date;
let kind: string;
let ann: string;

beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());
beforeEach(() => {
  now = new Date("2026-11-01T12:00:00Z");
  kind = randomUUID();
  ann = `key:${randomUUID()}`;
});

const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000);
};
const rows = async (sql: string, ...values: unknown[]) => (await db.sql.query(sql, values)).rows;

/** The limits of the kind of work, and the options of a request. */
type Limits = { waiting?: number; byPromise?: boolean; priority?: number; delayMs?: number };
/** The kind with these limits, and the remaining options of the request. */
async function kindOf(functionId: string, { waiting, byPromise = false, ...options }: Limits) {
  const limits = { waiting: waiting ?? null, by_promise: byPromise, per_second: null };
  const kind = { function_id: functionId, event_name: "test/walk", ...limits };
  await rows("select private.register_work_kind($1)", JSON.stringify(kind));
  return { functionId, options };
}

type Request = { limits?: Limits; key?: string | null; requester?: string; of?: string; sent?: boolean };
/** Accepts as a route does, then sends the job to the engine, unless the engine is down. */
async function accept({ limits = {}, key = null, requester = ann, of = kind, sent = true }: Request = {}) {
  const { functionId, options } = await kindOf(of, limits);
  const [job] = await rows(
    "select * from private.accept_job($1, $2)",
    wanted({ requester, functionId, key, ...options }),
    now,
  );
  if (sent && job.released_at <= now) await rows("select mark_jobs_sent(array[$1]::uuid[], $2)", job.id, now);
  return job;
}
/** The message and the details of a refusal. */
async function refused(request: Request = {}) {
  const error = await accept(request).then(
    () => undefined,
    (error: unknown) => error as { code: string; hint: string; message: string; detail: string },
  );
  if (!error) throw new Error("was let in");
  expect(error).toMatchObject({ code: "PT503", hint: "queue_full" });
  return { message: error.message, ...JSON.parse(error.detail) };
}
/** Makes the reservation of a refused request, as the route does: seconds until it is admitted. */
async function reserve(request: Request = {}): Promise<number | null> {
  const { kind, priority, places } = await refused(request);
  const [row] = await rows(
    "select reserve_admission($1, $2, $3, $4, $5, $6) as seconds",
    kind,
    priority,
    request.requester ?? ann,
    request.key ?? null,
    places,
    now,
  );
  return row.seconds;
}
/** Accepts so many requests without limits, sent at once. */
const acceptMany = (count: number, limits: object = {}) =>
  rows(
    `select mark_jobs_sent(array_agg((job).id), $2) from (
       select private.insert_job($1::jsonb - 'id', $2) as job from generate_series(1, $3)) as accepted`,
    wanted({ requester: ann, functionId: kind, kind, ...limits }),
    now,
    count,
  );
/** The first `count` jobs of the queue begin, one every so many seconds, and time passes. */
async function begin(count: number, everySeconds = 1) {
  await rows(
    `with line as (
       select id, row_number() over (order by due_at, created_at, id) as place from jobs
       where kind = $1 and status = 'queued')
     update jobs set status = 'running', started_at = $2::timestamptz + place * $4 * interval '1 second'
     from line where jobs.id = line.id and place <= $3`,
    kind,
    now,
    count,
    everySeconds,
  );
  later(count * everySeconds);
}
/** A queue in which one job began every second for a minute, and `waiting` jobs are left. */
async function busyLine(waiting: number, limits: object = {}) {
  await acceptMany(60 + waiting, limits);
  await begin(60);
}
const byPromise = (priority: number) => ({ waiting: 10_000, byPromise: true, priority });

describe("the limit of waiting jobs", () => {
  test("S1-7, S1-18, S3-12: a full queue refuses a request and creates no job, and accepts again after a job ends", async () => {
    const limits = { waiting: 3 };
    const first = await accept({ limits });
    await accept({ limits });
    await accept({ limits });
    expect((await refused({ limits })).message).toMatch(/^Queue full/);
    await rows("select private.end_job($1, 'completed', null, null, $2)", first.id, now);
    await expect(accept({ limits })).resolves.toBeDefined();
  });

  test("S3-14: a full queue that makes no progress suggests a retry after 30 s and grants no reservation", async () => {
    await accept({ limits: { waiting: 1 } });
    expect(await refused({ limits: { waiting: 1 } })).toMatchObject({ retryAfterSeconds: 30, places: 1 });
    expect(await reserve({ limits: { waiting: 1 } })).toBeNull();
  });

  test("a full queue of one topic does not affect other topics", async () => {
    await accept({ limits: { waiting: 1 } });
    await expect(accept({ of: randomUUID(), limits: { waiting: 1 } })).resolves.toBeDefined();
  });

  test("a repeated idempotency key gets its existing job even when the queue is full", async () => {
    const limits = { waiting: 1 };
    const first = await accept({ limits, key: "k1" });
    expect((await accept({ limits, key: "k1" })).id).toBe(first.id);
  });

  test("a job that is due tomorrow does not count against today's limit", async () => {
    await accept({ limits: { delayMs: 86_400_000, waiting: 1 } });
    await expect(accept({ limits: { waiting: 1 } })).resolves.toBeDefined();
    await refused({ limits: { waiting: 1 } });
  });
});

describe("promised start times", () => {
  test("S3-14: work that would begin after its promise is refused, and more urgent work is accepted", async () => {
    await busyLine(241);
    expect((await refused({ limits: byPromise(3) })).message).toBe("Service busy, retry later");
    await expect(accept({ limits: byPromise(2) })).resolves.toBeDefined();
    await expect(accept({ limits: byPromise(1) })).resolves.toBeDefined();
  });

  test("work is accepted while the queue is short enough to keep the promise", async () => {
    await busyLine(200);
    await expect(accept({ limits: byPromise(3) })).resolves.toBeDefined();
  });

  test("lower priorities are refused first, because they get only the capacity that higher ones leave", async () => {
    await busyLine(20, { priority: 2 });
    await expect(accept({ limits: byPromise(2) })).resolves.toBeDefined();
    await refused({ limits: byPromise(4) });
    await refused({ limits: byPromise(5) });
  });

  test("critical work is refused only by the limit of waiting jobs", async () => {
    await busyLine(50, { priority: 1 });
    await expect(accept({ limits: byPromise(1) })).resolves.toBeDefined();
    await refused({ limits: { ...byPromise(1), waiting: 50 } });
  });

  test("no work is refused before a pace was measured; later the last measured pace decides", async () => {
    await acceptMany(100, byPromise(3));
    await begin(10, 10);
    expect(await reserve({ limits: byPromise(3) })).toBeGreaterThan(100);
    await begin(90, 0);
    later(3600);
    let taken = 0;
    while (taken < 100 && (await accept({ limits: byPromise(3) }).catch(() => null)) !== null) taken++;
    // One in ten seconds, in four fifths of five minutes, is 24; one more finds those 24 before it.
    expect(taken).toBe(25);
  });
});

describe("when no job begins", () => {
  const limits = byPromise(3);
  const beginAtOnce = (job: { id: string }) =>
    rows("update jobs set status = 'running', started_at = $2 where id = $1", job.id, now);

  test("a sent job that never begins causes no refusals, however long it waits", async () => {
    for (const seconds of [0, 2, 10, 60, 600, 3600, 10_800, 86_400]) {
      later(seconds);
      await expect(accept({ limits })).resolves.toBeDefined();
    }
  });

  test("a sent job that never begins causes no refusals while later jobs begin at once", async () => {
    await accept({ limits });
    for (let n = 0; n < 20; n++) {
      later(20);
      await beginAtOnce(await accept({ limits }));
    }
  });

  test("jobs in the outbox count only against the limit of waiting jobs, until they are sent", async () => {
    await acceptMany(2, limits);
    await begin(2, 60);
    // One per minute: there is room for four, and none of them begins in this test.
    for (let n = 0; n < 20; n++) {
      later(30);
      await accept({ limits, sent: false });
    }
    expect((await refused({ limits: { ...limits, waiting: 20 } })).message).toMatch(/^Queue full/);
    await rows("update jobs set sent_at = $2 where kind = $1 and sent_at is null", kind, now);
    expect((await refused({ limits })).message).toBe("Service busy, retry later");
  });

  test("time spent in the outbox does not count as waiting time when the pace is measured", async () => {
    for (let n = 0; n < 3; n++) await accept({ limits, sent: false });
    later(600);
    await rows("update jobs set sent_at = $2 where kind = $1", kind, now);
    await begin(3, 1);
    for (let n = 0; n < 10; n++) await accept({ limits });
  });

  test("a job that is more than an hour late no longer counts as waiting", async () => {
    await busyLine(241);
    await reserve({ limits });
    later(3000);
    await refused({ limits });
    later(900);
    await expect(accept({ limits })).resolves.toBeDefined();
  });

  test("a priority that was given no capacity is accepted again once the queue is empty", async () => {
    await busyLine(20, { priority: 2 });
    expect(await reserve({ limits: byPromise(4) })).toBeGreaterThan(0);
    await begin(20);
    later(300);
    await accept({ limits: byPromise(4) });
    await expect(accept({ limits: byPromise(4) })).resolves.toBeDefined();
  });

  test("no reservations are granted when no job has begun for five minutes", async () => {
    await busyLine(5);
    expect(await reserve({ limits: { waiting: 5 } })).toBeGreaterThan(0);
    later(301);
    expect(await reserve({ limits: { waiting: 5 } })).toBeNull();
  });
});

test("counting the waiting jobs does not call a function once per job", async () => {
  await busyLine(200);
  const client = await db.sql.connect();
  try {
    await client.query("begin");
    await client.query("set local track_functions = 'all'");
    const { functionId, options } = await kindOf(kind, byPromise(3));
    const asked = [functionId, wanted({ requester: ann, ...options }), now];
    await client.query("select private.admit(private.work_kind($1), $2, $3)", asked);
    const { rows } = await client.query(
      "select pg_stat_get_xact_function_calls('private.promise_of'::regproc)::int as calls",
    );
    expect(rows[0].calls).toBeLessThan(5);
  } finally {
    await client.query("rollback");
    client.release();
  }
});

describe("reservations", () => {
  test("are spaced at four fifths of the measured pace", async () => {
    await busyLine(300);
    const limits = byPromise(3);
    const reserved = [];
    for (let n = 0; n < 4; n++) reserved.push(await reserve({ limits, key: `k${n}` }));
    const [first = 0] = reserved;
    expect(reserved).toEqual([
      first,
      expect.closeTo(Number(first) + 1.25, -0.3),
      expect.anything(),
      Number(first) + 4,
    ]);
  });

  test("a request that returns at its reserved time is admitted exactly once, however long the queue is", async () => {
    await busyLine(300);
    const limits = byPromise(3);
    const seconds = Number(await reserve({ limits, key: "k" }));
    later(seconds - 2);
    await refused({ limits, key: "k" });
    later(2);
    await refused({ limits, key: "other" });
    await expect(accept({ limits, key: "k" })).resolves.toBeDefined();
    await refused({ limits });
  });

  test("a request that returns too early keeps its reservation", async () => {
    await busyLine(300);
    const limits = byPromise(3);
    const seconds = Number(await reserve({ limits, key: "k" }));
    later(10);
    expect(await reserve({ limits, key: "k" })).toBe(seconds - 10);
    expect(await rows("select from private.reservations where kind = $1", kind)).toHaveLength(1);
  });

  test("requests without an idempotency key: each refusal reserves one later request of the same requester", async () => {
    await busyLine(300);
    const limits = byPromise(3);
    const seconds = [Number(await reserve({ limits })), Number(await reserve({ limits }))];
    later(Math.max(...seconds));
    await refused({ limits, requester: "key:bob" });
    await accept({ limits });
    await accept({ limits });
    await refused({ limits });
  });

  test("a reservation expires: a request that returns a minute late is treated as a new one", async () => {
    await busyLine(400);
    const limits = byPromise(3);
    later(Number(await reserve({ limits, key: "k" })) + 61);
    await refused({ limits, key: "k" });
  });

  test("a reservation that is due keeps its capacity free for its own request", async () => {
    const limits = { waiting: 5 };
    await busyLine(5);
    const seconds = Number(await reserve({ limits, key: "k" }));
    later(seconds);
    await begin(1);
    await refused({ limits, requester: "key:bob" });
    await expect(accept({ limits, key: "k" })).resolves.toBeDefined();
  });

  test("a priority with no capacity left gets reservations at a twentieth of the pace", async () => {
    await busyLine(100, { priority: 2 });
    const limits = byPromise(4);
    const first = Number(await reserve({ limits, key: "a" }));
    expect(Number(await reserve({ limits, key: "b" })) - first).toBe(25);
  });
});
