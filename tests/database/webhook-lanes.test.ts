import { randomUUID } from "node:crypto";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

const NOW = "2026-11-01T09:00:00Z";
const URL = "https://receiver.test/hook";
let db: TestDatabase;
let [one, other]: pg.PoolClient[] = [];
let id: string;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());
/** An endpoint of ann that wants every fact. */
const endpointOf = (endpointId: string) =>
  JSON.stringify({
    id: endpointId,
    owner: "ann",
    url: URL,
    eventTypes: ["*"],
    description: "",
    perSecond: 50,
    policy: "standard",
    secret: "x",
  });
beforeEach(async () => {
  await sql("truncate webhook_endpoints, webhook_messages, jobs cascade");
  id = randomUUID();
  await sql("select create_webhook_endpoint($1, 20, $2)", endpointOf(id), NOW);
  [one, other] = await Promise.all([db.sql.connect(), db.sql.connect()]);
  // A statement that waits for the other transaction fails.
  for (const session of [one, other]) await session?.query("set lock_timeout = '500ms'");
});
afterEach(async () => {
  for (const session of [one, other]) {
    await session?.query("rollback");
    session?.release();
  }
});

const sql = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;
const publish = (session: pg.PoolClient | pg.Pool | undefined, key: string) =>
  session?.query("select private.publish_fact('report.ready', 'ann', $1, '{}', $2)", [key, NOW]);
const endpoint = async () => (await sql("select * from webhook_endpoints where id = $1", id))[0];
const isDueNow = async () =>
  (await sql("select lane_due_at <= $2 as due from webhook_endpoints where id = $1", id, NOW))[0].due;

/** The only delivery has failed once, and waits for its next attempt until tomorrow. */
async function waitUntilTomorrow() {
  await publish(db.sql, "first");
  await sql("update webhook_deliveries set next_at = timestamptz '2026-11-02T09:00:00Z'");
  await sql("update webhook_endpoints set lane_due_at = timestamptz '2026-11-02T09:00:00Z'");
  expect(await isDueNow()).toBe(false);
}

/** Inserts a message with its delivery, without a lane. */
async function insertDue(session: pg.PoolClient | pg.Pool | undefined, key: string): Promise<string> {
  const message = randomUUID();
  await session?.query(
    "insert into webhook_messages (id, owner, type, key, data, at) values ($1, 'ann', 'report.ready', $2, '{}', $3)",
    [message, key, NOW],
  );
  await session?.query(
    "insert into webhook_deliveries (endpoint_id, message_id, next_at, created_at) values ($1, $2, $3, $3)",
    [id, message, NOW],
  );
  return message;
}

test("one of two facts that are published at once starts the lane, and neither publisher waits for the other", async () => {
  await waitUntilTomorrow();
  await one?.query("begin");
  const message = await insertDue(one, "r1");
  await other?.query("begin");
  await publish(other, "r2");
  await one?.query("select private.queue_deliveries(array[$1::uuid], array[$2::uuid], $3)", [
    message,
    id,
    NOW,
  ]);
  await other?.query("commit");
  await one?.query("commit");
  expect(await isDueNow()).toBe(true);
  expect(
    await sql("select id from jobs where function_id = 'send-webhook' and status = 'queued'"),
  ).toHaveLength(1);
});

test("after a failed lane the next one waits five minutes, also when a fact is published meanwhile", async () => {
  await publish(db.sql, "first");
  await sql(
    "select private.end_job(lane_job_id, 'failed', null, '{}', $2) from webhook_endpoints where id = $1",
    id,
    NOW,
  );
  await publish(db.sql, "second");
  const later = new Date("2026-11-01T09:05:00Z");
  expect(await endpoint()).toMatchObject({ paused_until: later, lane_due_at: later });
});

test("housekeeping starts the lane of a due delivery if the planned lane is later, unless the endpoint is paused", async () => {
  await waitUntilTomorrow();
  await insertDue(db.sql, "r1");
  await sql("update webhook_endpoints set paused_until = timestamptz '2026-11-01T10:00:00Z'");
  const wake = async () => (await sql("select wake_webhook_lanes(100, $1) as woken", NOW))[0].woken;
  expect(await wake()).toBe(0);
  await sql("update webhook_endpoints set paused_until = null");
  expect(await wake()).toBe(1);
  expect(await isDueNow()).toBe(true);
  expect(await wake()).toBe(0);
});

test("housekeeping starts a lane while a fact is being published", async () => {
  await insertDue(db.sql, "r1");
  await one?.query("begin");
  await insertDue(one, "r2");
  await sql("select wake_webhook_lanes(100, $1)", NOW);
  expect(await isDueNow()).toBe(true);
});

test("a fact is published while its endpoint is being changed or deleted", async () => {
  await one?.query("begin");
  await one?.query("select change_webhook_endpoint($1, 'ann', '{\"description\": \"x\"}', $2)", [id, NOW]);
  await expect(publish(other, "r1")).resolves.toBeDefined();
  await one?.query("select delete_webhook_endpoint($1, 'ann', $2)", [id, NOW]);
  await expect(publish(other, "r2")).resolves.toBeDefined();
});

test("a lane ends while a test is sent to its endpoint", async () => {
  await one?.query("begin");
  await one?.query("select pg_advisory_xact_lock(private.lane_lock($1))", [id]);
  await other?.query("set lock_timeout = 0");
  const [{ pid }] = (await other?.query("select pg_backend_pid() as pid"))?.rows ?? [];
  const sent = other?.query("select test_webhook_endpoint($1, 'ann', $2, 'report.ready', '{}', $3)", [
    id,
    randomUUID(),
    NOW,
  ]);
  const waits = async () =>
    (await sql("select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", pid)).length > 0;
  await expect.poll(waits, { timeout: 20_000 }).toBe(true);
  await one?.query("update webhook_endpoints set lane_job_id = null, lane_due_at = null where id = $1", [id]);
  await one?.query("commit");
  await expect(sent).resolves.toBeDefined();
});

test("a fact is published while the messages of a replay are counted", async () => {
  await one?.query("begin");
  await one?.query("select count_webhook_replay($1, 'ann', '2020-01-01', '2030-01-01', 'all')", [id]);
  await expect(publish(other, "r1")).resolves.toBeDefined();
  await expect(
    sql("select count_webhook_replay($1, 'bob', '2020-01-01', '2030-01-01', 'all')", id),
  ).rejects.toThrow("Webhook endpoint not found");
});

/** Claims all deliveries, and settles an attempt of one of them. */
const settle = (session: pg.PoolClient | pg.Pool | undefined, attempt: object) =>
  session?.query(
    `with claimed as (
      update webhook_deliveries set claimant = 'run', claimed_until = $2
      where id = (select id from webhook_deliveries where status = 'pending' limit 1) returning id)
    select settle_webhook_deliveries($1, 'run', (select jsonb_build_array($3::jsonb || jsonb_build_object('deliveryId', id)) from claimed), 5, $2)`,
    [
      id,
      NOW,
      JSON.stringify({
        status: "pending",
        at: NOW,
        durationMs: 1,
        url: URL,
        requestHeaders: {},
        answerHeaders: {},
        answerBody: "",
        nextAt: NOW,
        ...attempt,
      }),
    ],
  );

test("an attempt is recorded while a fact is being published", async () => {
  await insertDue(db.sql, "r1");
  await one?.query("begin");
  await insertDue(one, "r2");
  await expect(settle(other, {})).resolves.toBeDefined();
  expect(await endpoint()).toMatchObject({ failure_count: 1 });
});

test("a new URL begins without the failures, the breaker and the pause of the old URL, and gets its deliveries now", async () => {
  await insertDue(db.sql, "r1");
  await sql("select wake_webhook_lanes(100, $1)", NOW);
  const failing = { failure_count: 7, breaker_count: 2 };
  await sql(
    "update webhook_endpoints set failing_since = $1, failure_count = 7, breaker_count = 2, paused_until = timestamptz '2026-11-01T10:00:00Z', lane_due_at = timestamptz '2026-11-01T10:00:00Z'",
    NOW,
  );
  const change = (to: object) =>
    sql("select change_webhook_endpoint($1, 'ann', $2, $3)", id, JSON.stringify(to), NOW);
  await change({ url: URL, description: "x" });
  expect(await endpoint()).toMatchObject(failing);
  await change({ url: `${URL}/new` });
  const fresh = { failing_since: null, failure_count: 0, breaker_count: 0, paused_until: null };
  expect(await endpoint()).toMatchObject(fresh);
  expect(await isDueNow()).toBe(true);
  // A request to the old URL was under way.
  await settle(db.sql, { isGone: true, pauseUntil: "2026-11-01T10:00:00Z" });
  expect(await endpoint()).toMatchObject({ status: "enabled", ...fresh });
  expect(await sql("select url from webhook_attempts")).toEqual([{ url: URL }]);
});

const MANY = 10_000;
const insertMany = () =>
  sql(
    `with messages as (
      insert into webhook_messages (owner, type, key, data, at)
      select 'ann', 'report.ready', 'k' || n, '{}', $2 from generate_series(1, ${MANY}) as n returning id)
    insert into webhook_deliveries (endpoint_id, message_id, next_at, created_at) select $1, id, $2, $2 from messages`,
    id,
    NOW,
  );
const count = async (where: string) =>
  (await sql(`select count(*)::int as n from webhook_deliveries where ${where}`))[0].n;
const clear = async () => (await sql("select clear_webhook_endpoints(4000, $1) as n", NOW))[0].n;

test("an endpoint with many deliveries is disabled by one statement, and housekeeping fails the deliveries in batches", async () => {
  await insertMany();
  await settle(db.sql, { isGone: true });
  expect(await endpoint()).toMatchObject({ status: "disabled", disabled_reason: "gone" });
  expect(await count("status = 'pending'")).toBe(MANY);
  await sql(
    "update webhook_deliveries set claimant = 'run', claimed_until = timestamptz '2026-11-01T10:00:00Z' where id = (select id from webhook_deliveries limit 1)",
  );
  expect([await clear(), await clear(), await clear(), await clear()]).toEqual([4000, 4000, 1999, 0]);
  // A request of this delivery is under way.
  expect(await count("status = 'pending' and claimant = 'run'")).toBe(1);
  expect(await count("status = 'failed' and error_code = 'endpoint_disabled' and ended_at is not null")).toBe(
    MANY - 1,
  );
});

test("deliveries that are pending when their endpoint is enabled are not failed by housekeeping at that moment", async () => {
  await insertDue(db.sql, "r1");
  await sql("select disable_webhook_endpoint($1, 'ann', $2)", id, NOW);
  await one?.query("begin");
  await one?.query("select enable_webhook_endpoint($1, 'ann', $2)", [id, NOW]);
  expect(await clear()).toBe(0);
  await one?.query("commit");
  expect([await clear(), await count("status = 'pending'")]).toEqual([0, 1]);
});

test("a deleted endpoint is hidden at once, and housekeeping deletes it and its deliveries in batches", async () => {
  await insertMany();
  const [delivery] = await sql("select id from webhook_deliveries limit 1");
  await sql("select delete_webhook_endpoint($1, 'ann', $2)", id, NOW);
  expect(await count("true")).toBe(MANY);
  for (const owner of ["ann", null]) {
    for (const call of [
      "get_webhook_endpoint($1, $2, now())",
      "list_webhook_endpoints($2, null, $1, 20, now())",
      "list_webhook_deliveries($1, $2, null, null, null, 20)",
    ])
      expect([call, await sql(`select from ${call}`, id, owner)]).toEqual([call, []]);
    expect(await sql("select from get_webhook_delivery($1, $2, 20)", delivery.id, owner)).toEqual([]);
    for (const [call, of] of [
      ["resend_webhook_delivery($1, $2, now())", delivery.id],
      ["delete_webhook_endpoint($1, $2, now())", id],
      ["count_webhook_replay($1, $2, '2020-01-01', '2030-01-01', 'all')", id],
    ])
      await expect(sql(`select ${call}`, of, owner)).rejects.toThrow("not found");
  }
  await publish(db.sql, "later");
  expect(await sql("select from webhook_messages where key = 'later'")).toEqual([]);
  expect(await sql("select from private.webhook_secrets")).toEqual([]);
  await sql("select create_webhook_endpoint($1, 1, now())", endpointOf(randomUUID()));
  expect([await clear(), await clear(), await clear(), await clear()]).toEqual([4000, 4000, 2000, 0]);
  expect(await sql("select url from webhook_endpoints")).toHaveLength(1);
});
