import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { type Wanted, wanted } from "../support/jobs.ts";

let db: TestDatabase;
const now = new Date("2026-11-01T12:00:00Z");

beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

const acceptTogether = async (requests: Wanted[], limits: object = {}) => {
  const functionId = randomUUID();
  const kind = { function_id: functionId, event_name: "test/together", ...limits };
  await db.sql.query("select private.register_work_kind($1)", [JSON.stringify(kind)]);
  const given = requests.map((request) => wanted({ functionId, ...request }));
  const { rows } = await db.sql.query("select * from private.accept_jobs($1, $2, $3)", [
    functionId,
    given,
    now,
  ]);
  const one = await db.sql.query("select * from private.insert_job(private.complete_request($1, $2), $3)", [
    wanted({ functionId, ...requests[0], id: randomUUID() }),
    (await db.sql.query("select private.work_kind($1)::text as kind", [functionId])).rows[0].kind,
    now,
  ]);
  return { together: rows, one: one.rows[0] };
};
const unlimited = { per_second: null, waiting: null };

test("jobs that are accepted together are like a job that is accepted alone", async () => {
  const { together, one } = await acceptTogether([{ data: { a: 1 } }, { data: { a: 1 } }], unlimited);
  expect(together).toHaveLength(2);
  for (const { id, event_id } of together) expect(event_id).toBe(id);
  const job = { ...one, id: expect.any(String), event_id: expect.any(String) };
  expect(together).toEqual([job, job]);
  const { rows } = await db.sql.query("select type, data from job_events where job_id = any ($1)", [
    together.map(({ id }) => id),
  ]);
  expect(rows).toEqual([
    { type: "accepted", data: {} },
    { type: "accepted", data: {} },
  ]);
});

test.each([{ per_second: 5 }, { waiting: 5 }])(
  "a function with %j cannot accept jobs together",
  async (limit) => {
    await expect(acceptTogether([{}], { ...unlimited, ...limit })).rejects.toThrow("accepted one by one");
  },
);

test("a request with an idempotency key cannot be accepted together with others", async () => {
  await expect(acceptTogether([{}, { key: "k" }], unlimited)).rejects.toThrow("accepted alone");
});

test("jobs of a paused function wait when they are accepted together", async () => {
  const requests = [1, 2].map(() => ({
    id: randomUUID(),
    event: "webhook/received",
    requester: "webhook:stripe",
    owner: "webhooks",
  }));
  const accept = "select released_at::text from private.accept_jobs('process-webhook', $1, $2)";
  await db.sql.query("select pause_work('process-webhook', 'key:test', $1)", [now]);
  const { rows } = await db.sql.query(accept, [requests, now]);
  await db.sql.query("select resume_work('process-webhook', $1)", [now]);
  expect(rows).toEqual([{ released_at: "infinity" }, { released_at: "infinity" }]);
});

test("one statement inserts the jobs of all webhooks that are received together", async () => {
  const webhooks = Array.from({ length: 20 }, (_, n) => {
    const id = randomUUID();
    const facts = { source: "stripe", externalId: `evt_${n}`, type: "t", objectKey: "stripe:a", headers: {} };
    const data = { webhookId: id, objectKey: "stripe:a" };
    return { webhook: { id, ...facts, body: "{}" }, request: { id, event: "webhook/received", data } };
  });
  const client = await db.sql.connect();
  try {
    await client.query("begin");
    await client.query("set local track_functions = 'all'");
    const requester = { requester: "webhook:stripe", owner: "webhooks" };
    const given = webhooks.map(({ webhook, request }) => ({
      webhook,
      request: { ...request, ...requester },
    }));
    const { rows } = await client.query("select * from receive_webhooks($1, $2)", [
      JSON.stringify(given),
      now,
    ]);
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(webhooks.map(({ webhook }) => webhook.id)));
    const calls = await client.query(
      "select pg_stat_get_xact_function_calls('private.insert_jobs'::regproc)::int as calls",
    );
    expect(calls.rows).toEqual([{ calls: 1 }]);
  } finally {
    await client.query("rollback");
    client.release();
  }
});
