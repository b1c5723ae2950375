/** Every paged list, read from its first page to its last with the largest pages that it allows. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type CampaignHouse, campaignHouse } from "../support/campaign-house.ts";

/** More than two of the largest pages, and more than the database returns at once (1,000). */
const PEOPLE = 1200;
/** More than two of the largest pages of a list by time. */
const ROWS = 230;

let house: CampaignHouse;
/** The path of each list → its actual path with ids, and its number of rows. */
const lists = new Map<string, { at: string; rows: number }>();

beforeAll(async () => {
  house = await campaignHouse();
  const { listId, campaignId } = await house.draft(PEOPLE);
  await house.call("POST", `/api/campaigns/${campaignId}/send`);
  await house.engine.waitFor(
    async () => (await house.call("GET", `/api/campaigns/${campaignId}`)).body.status === "completed",
    {
      within: "3d",
    },
  );
  await house.call("POST", "/api/tasks", { prompt: "a lighthouse" });
  await house.call("POST", "/api/keys", { name: "k", role: "app", owner: "alice" }, { as: "admin" });
  for (const [table, change] of COPIES) await copy(table, change);
  await house.db.sql.query(
    `insert into public.dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, failed_at)
     select 'a/b', '{}', n::text, n::text, 'f', 'x', '2026-01-01'::timestamptz + n / 7 * interval '1 second'
     from generate_series(1, $1) as n`,
    [ROWS],
  );
  await house.db.sql.query(
    `insert into public.reports (id, owner, type, format, starts_at, ends_at, expires_at, created_at)
     select id, 'alice', 'users', 'csv', '2026-01-01', '2026-01-02', created_at + interval '7 days', created_at
     from public.jobs order by id limit $1`,
    [ROWS],
  );
  await house.db.sql.query(
    `insert into public.imports (id, owner, target, scope, merge, absent, is_dry_run, is_again, file_url, file_name, created_at)
     select id, 'alice', 'contacts', 'alice', 'upsert', 'keep', false, false, 'https://files.example/a.csv', 'a.csv', created_at
     from public.jobs order by id limit $1`,
    [ROWS],
  );
  const { rows: hooks } = await house.db.sql.query(
    `insert into public.webhook_endpoints (id, owner, url, event_types, per_second, policy, created_at, updated_at)
     select gen_random_uuid(), 'operator', 'https://receiver.example/' || n, '{*}', 50, 'standard', at, at
     from generate_series(1, $1) as n,
       lateral (select '2026-01-01'::timestamptz + n / 7 * interval '1 second' as at) as time returning id`,
    [ROWS],
  );
  await house.db.sql.query(
    `with messages as (
       insert into public.webhook_messages (owner, type, key, data, at)
       select 'operator', 'report.ready', n::text, '{}', '2026-01-01'::timestamptz + n / 7 * interval '1 second'
       from generate_series(1, $1) as n returning id, at)
     insert into public.webhook_deliveries (endpoint_id, message_id, status, created_at, ended_at)
     select $2, id, 'delivered', at, at from messages`,
    [ROWS, hooks[0].id],
  );
  await house.db.sql.query(
    `insert into public.audit_logs (at, actor, action, target)
     select '2026-01-01', 'key:a', 'POST /api/a', '{}' from generate_series(1, $1)`,
    [PEOPLE],
  );
  await house.db.sql.query(
    `insert into public.alerts (rule, severity, status, value, threshold, query, offenders, opened_at, seen_at, resolved_at)
     select 'queue-depth', 'warning', 'resolved', 2, 1, '', '[]', at, at, at
     from generate_series(1, $1) as n,
       lateral (select '2026-01-01'::timestamptz + n / 7 * interval '1 second' as at) as time`,
    [ROWS],
  );
  for (const [table, one, other] of [
    ["follows", "follower, since", "author"],
    ["blocks", "blocker", "blocked"],
  ])
    await house.db.sql.query(
      `insert into public.${table} (${one}, ${other}, created_at)
       select 'root', ${table === "follows" ? "n," : ""} 'p' || n, now() from generate_series(1, $1) as n`,
      [PEOPLE],
    );
  await house.db.sql.query(
    `insert into public.webhook_inbox (id, source, external_id, type, object_key, headers, body, verdict, received_at)
     select gen_random_uuid(), 'github', 'e' || n, 'type-' || n % 3, 'github:' || n, '{}', '{}', 'ignored',
       '2026-01-01'::timestamptz + n / 7 * interval '1 second'
     from generate_series(1, $1) as n`,
    [ROWS],
  );
  await house.db.sql.query(
    `with orders as (
       insert into public.orders (id, owner, amount_cents, currency, created_at)
       select 'order/' || n || ' ü', 'operator', 100, 'usd', '2026-01-01'::timestamptz + n / 7 * interval '1 second'
       from generate_series(1, $1) as n returning id, created_at)
     insert into public.payments (id, order_id, created_at, updated_at)
     select 'pi_' || id, id, created_at, created_at from orders`,
    [ROWS],
  );
  await house.db.sql.query("select private.suppress($1::jsonb, now())", [
    JSON.stringify(
      Array.from({ length: PEOPLE }, (_, n) => ({
        address: `s${n}@example.com`,
        scope: "all",
        reason: "by_hand",
        source: "test",
      })),
    ),
  ]);
  const deliveries = "/api/webhook-endpoints/:id/deliveries";
  lists.set(deliveries, { at: deliveries.replace(":id", hooks[0].id), rows: ROWS });
  lists.set("/api/lists/:id/subscribers", { at: `/api/lists/${listId}/subscribers`, rows: PEOPLE });
  lists.set("/api/campaigns/:id/sends", { at: `/api/campaigns/${campaignId}/sends`, rows: PEOPLE });
  for (const at of [
    "/api/jobs",
    "/api/campaigns",
    "/api/lists",
    "/api/tasks",
    "/api/keys",
    "/api/dead-letters",
    "/api/reports",
    "/api/imports",
    "/api/webhook-endpoints",
    "/api/webhook-inbox",
    "/api/orders",
    "/api/payments",
    "/api/alerts",
    "/api/audit-logs",
    "/api/suppressions",
    "/api/follows",
    "/api/blocks",
  ])
    lists.set(at, { at, rows: ROWS });
});
afterAll(() => house.close());

test("this file covers every route with pages", () => {
  // The stream of jobs takes the cursor of a page of jobs, but has no pages itself.
  const paged = house.app.routes.filter(({ query }) => {
    const shape = query === undefined ? {} : shapeOf(query);
    return "cursor" in shape && "limit" in shape;
  });
  expect([...lists.keys()].toSorted()).toEqual(paged.map(({ path }) => path).toSorted());
});

test("the pages of every list show each row once, at the largest page size", async () => {
  for (const [path, { at, rows }] of lists) {
    const most = maximumOf(path);
    const seen: unknown[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query = `limit=${most}${cursor && `&cursor=${cursor}`}`;
      const { status, body } = await house.call("GET", `${at}?${query}`, undefined, { as: "admin" });
      expect(status).toBe(200);
      seen.push(...body.items.map(({ id, person }: { id?: unknown; person?: unknown }) => id ?? person));
      cursor = body.nextCursor;
    }
    const found = { path, distinct: new Set(seen).size, isWhole: seen.length >= rows };
    expect(found).toEqual({ path, distinct: seen.length, isWhole: true });
    expect(seen.length).toBeGreaterThan(2 * most);
  }
});

const FREE_JOB =
  "select id from public.jobs where id not in (select job_id from public.image_tasks) order by id offset n - 1 limit 1";

/** Tables with one row; it is copied, and several copies have equal times. */
const COPIES: [string, string][] = [
  [
    "jobs",
    "'id', gen_random_uuid(), 'event_id', gen_random_uuid(), 'idempotency_key', null, 'fingerprint', null",
  ],
  ["email_lists", "'id', gen_random_uuid()"],
  ["campaigns", "'id', gen_random_uuid()"],
  ["image_tasks", `'id', gen_random_uuid(), 'sequence', 1000 + n, 'job_id', (${FREE_JOB})`],
  ["api_keys", "'id', left(replace(gen_random_uuid()::text, '-', ''), 12)"],
];

const copy = (table: string, change: string) =>
  house.db.sql.query(
    `insert into public.${table}
     select (jsonb_populate_record(null::public.${table}, to_jsonb(one) || jsonb_build_object(
       'created_at', one.created_at - n / 7 * interval '1 second', ${change}))).*
     from (select * from public.${table} limit 1) as one, generate_series(1, $1) as n`,
    [ROWS],
  );

const object = z.custom<z.ZodObject>((schema) => schema instanceof z.ZodObject);
const shapeOf = (query: z.ZodType) => object.parse(query).shape;

function maximumOf(path: string): number {
  const query = house.app.routes.find((route) => route.method === "GET" && route.path === path)?.query;
  const { properties } = z
    .object({ properties: z.object({ limit: z.object({ maximum: z.number() }) }) })
    .parse(z.toJSONSchema(object.parse(query), { io: "input", unrepresentable: "any" }));
  return properties.limit.maximum;
}
