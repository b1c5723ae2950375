import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { vacuum } from "../support/vacuum.ts";

/**
 * A request for one page reads about one page, however long the ledger is. Counted in blocks of the database, which are
 * the same on every machine.
 */
const ROWS = 20_000;
const ENDPOINT = "'00000000-0000-0000-0000-000000000001'::uuid";

let db: TestDatabase;
let session: pg.PoolClient;
beforeAll(async () => {
  db = await freshDatabase();
  session = await db.sql.connect();
  const each = `(select n, gen_random_uuid() as id, case when n <= 5 then 'rare' else 'common' end as what,
    timestamptz '2026-01-01' + n * interval '1 second' as t from generate_series(1, ${ROWS}) as n) as rows`;
  await session.query(`
    insert into jobs (id, kind, function_id, event_id, event_name, requester, owner, status, created_at, ready_at, due_at,
      released_at, sent_at, started_at, ended_at, updated_at)
    select id, what, 'f', n::text, 'e', 'r', what, case what when 'rare' then 'failed' else 'completed' end,
      t, t, t, t, t, t, t, t from ${each};
    insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, failed_at, status,
      handled_by, handled_at, note)
    select what, '{}', n::text, n::text, 'f', 'f', t, 'ignored', 'x', t, 'x' from ${each};
    insert into email_lists (id, owner, name, created_at) select id, what, 'x', t from ${each};
    insert into campaigns (owner, list_id, name, subject, text, sender, created_at)
    select owner, id, 'x', 'x', 'x', 'x', created_at from email_lists;
    insert into campaign_sends (campaign_id, subscriber_id, batch_no, email, status, error_code)
    select id, 1, 1, 'x', 'skipped', 'bounced' from campaigns;
    insert into image_lanes (lane, at_once, capacity, accepted_at)
    values ('common', 1, ${ROWS}, now()), ('rare', 1, ${ROWS}, now());
    select private.register_work_kind(jsonb_build_object('function_id', kind, 'event_name', 'e', 'keep_completed', 10,
      'keep_failed', 10)) from unnest(array['rare', 'common']) as kind;
    insert into image_tasks (id, job_id, owner, lane, sequence, round, priority, due_at, prompt, status, created_at, ended_at)
    select id, id, owner, owner, event_id::bigint, 1, 3, created_at, 'x', 'canceled', created_at, ended_at from jobs;
    insert into webhook_inbox (id, source, external_id, type, object_key, headers, body, verdict, received_at, handled_at)
    select id, what, n::text, what, n::text, '{}', 'x', case what when 'rare' then 'failed' else 'ignored' end, t,
      null from ${each};
    insert into webhook_endpoints (id, owner, url, event_types, per_second, policy, created_at, updated_at)
    values (${ENDPOINT}, 'x', 'https://receiver.test/', '{*}', 1, 'standard', now(), now());
    insert into webhook_messages (id, owner, type, key, data, at) select id, 'x', what, n::text, '{}', t from ${each} order by n;
    insert into webhook_deliveries (endpoint_id, message_id, status, created_at, ended_at)
    select ${ENDPOINT}, id, case type when 'rare' then 'failed' else 'delivered' end, at, at from webhook_messages;
    insert into orders (id, owner, status, amount_cents, currency, created_at)
    select n::text, case n % 2 when 0 then 'even' else 'odd' end, case n % 2 when 0 then 'paid' else 'refunded' end, 1,
      'usd', t from ${each};
    insert into payments (id, status, created_at, updated_at)
    select n::text, what, t, t from ${each}`);
  await vacuum(session);
});
afterAll(async () => {
  session.release();
  await db.close();
});

/**
 * The fewest blocks of a few tries, because other activity in the cluster makes a session reload its catalog now and
 * then.
 */
async function blocksOf(statement: string): Promise<number> {
  const blocks: number[] = [];
  for (let n = 0; n < 4; n++) {
    const { rows } = await session.query(`explain (analyze, buffers, format json) ${statement}`);
    const { Plan: plan } = rows[0]["QUERY PLAN"][0];
    blocks.push(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
  }
  return Math.min(...blocks);
}
const blocksIn = async (table: string) =>
  (await session.query("select relpages from pg_class where oid = $1::regclass", [table])).rows[0].relpages;

const after = "'2026-01-01 00:10Z', 'ffffffff-ffff-ffff-ffff-ffffffffffff'";
const jobs = (filter: string, position = "null, null") =>
  `list_jobs(${filter}, null, null, null, ${position}, 21)`;
const exported = (list: string) =>
  `private.export_rows('${list}', null, '2020-01-01Z', '2030-01-01Z', null, 21)`;
const letters = (filter: string, position = "null, null") =>
  `list_dead_letters(${filter}, null, null, ${position}, 21)`;

const ofInbox = (ids: string, rows: string) =>
  `private.webhooks_of_replay('common', array['common'], '2020-01-01', '2030-01-01', ${ids}, null, ${rows})`;
const ofMessages = (rows: string) =>
  `private.messages_of_replay((select e from webhook_endpoints as e), '2020-01-01', '2030-01-01', ${rows})`;

test.each([
  ["jobs", "a late page", jobs("null, null, null, null, null, null", after)],
  ["jobs", "a late page of an owner with many", jobs("'common', null, null, null, null, null", after)],
  ["jobs", "a page of an owner with few", jobs("'rare', null, null, null, null, null")],
  ["jobs", "failed jobs, which are all old", jobs("null, 'failed', null, null, null, null")],
  ["jobs", "queued jobs", jobs("null, 'queued', null, null, null, null")],
  ["jobs", "running jobs", jobs("null, 'running', null, null, null, null")],
  ["jobs", "jobs of a kind that has none", jobs("null, null, 'none', null, null, null")],
  ["jobs", "jobs of a function that has none", jobs("null, null, null, 'none', null, null")],
  ["jobs", "jobs of a requester that has none", jobs("null, null, null, null, 'none', null")],
  ["jobs", "child jobs of a job", jobs("null, null, null, null, null, gen_random_uuid()")],
  ["jobs", "statistics of the last hour", "job_stats(null, 50000, now())"],
  ["jobs", "purging when nothing is old", "purge_ledgers('2025-01-01', '2025-01-01', 500)"],
  ["jobs", "trimming when nothing is old", "trim_jobs('2025-01-01', 500)"],
  ["jobs", "trimming one of many", "trim_jobs('2027-01-01', 1)"],
  ["jobs", "purging one of many", "purge_ledgers('2027-01-01', '2025-01-01', 1)"],
  [
    "jobs",
    "trimming one of many that their owner does not keep",
    "private.jobs_beyond_own_number('2027-01-01', 1)",
  ],
  ["jobs", "the first rows of a report", exported("analytics")],
  ["campaign_sends", "the first rows of a report", exported("sends")],
  ["dead_letter_queue", "the first rows of a report", exported("dead_letters")],
  ["dead_letter_queue", "a late page", letters("null, null, null, null, null, null", after)],
  ["dead_letter_queue", "open dead letters", letters("'failed', null, null, null, null, null")],
  ["dead_letter_queue", "dead letters of one event", letters("null, 'rare', null, null, null, null")],
  [
    "dead_letter_queue",
    "dead letters of one job",
    letters("null, null, null, null, null, gen_random_uuid()"),
  ],
  ["email_lists", "a late page", `list_email_lists(null, ${after}, 21, false)`],
  ["email_lists", "a page of an owner with few", "list_email_lists('rare', null, null, 21, false)"],
  ["campaigns", "a late page", `list_campaigns(null, ${after}, 21)`],
  ["campaigns", "a page of an owner with few", "list_campaigns('rare', null, null, 21)"],
  ["webhook_inbox", "a late page", `list_webhooks(null, null, null, ${after}, 3)`],
  ["webhook_inbox", "a source with few", "list_webhooks('rare', null, null, null, null, 3)"],
  ["webhook_inbox", "failed webhooks", "list_webhooks(null, null, 'failed', null, null, 3)"],
  ["webhook_inbox", "webhooks of a type that has none", "list_webhooks(null, 'none', null, null, null, 3)"],
  ["webhook_inbox", "the types that exist", "list_webhook_types(500)"],
  ["webhook_inbox", "the next webhooks of a replay", ofInbox("null", "10000, 30000, 5")],
  [
    "webhook_inbox",
    "webhooks of a replay that names them",
    ofInbox("array[gen_random_uuid()]", "0, 30000, 5"),
  ],
  ["webhook_messages", "the next messages of a replay", ofMessages("'all', 10000, 30000, 3")],
  [
    "webhook_deliveries",
    "failed deliveries",
    `list_webhook_deliveries(${ENDPOINT}, 'x', 'failed', null, null, 3)`,
  ],
  ["orders", "a late page", `list_orders(null, null, ${after}, 21)`],
  ["orders", "a status that none has", "list_orders(null, 'pending', null, null, 21)"],
  ["orders", "a status that only others' orders have", "list_orders('even', 'refunded', null, null, 21)"],
  ["payments", "a late page", `list_payments(null, ${after}, 21)`],
  ["payments", "a status that few have", "list_payments('rare', null, null, 21)"],
  ["image_tasks", "a late page", `list_image_tasks(null, null, null, ${after}, 21)`],
  ["image_tasks", "a page of an owner with few", "list_image_tasks('rare', null, null, null, null, 21)"],
  ["image_tasks", "unfinished tasks", "list_image_tasks(null, null, 'unfinished', null, null, 21)"],
  ["image_tasks", "a lane for the page", "show_image_lane('common', null, 20)"],
  ["image_tasks", "statistics of the last hour", "image_lane_stats(now(), null)"],
])(
  "%s, %s: a page of a list or a replay reads less than 50 blocks, others less than half of the table",
  async (table, _, call) => {
    // To read a whole index takes about 90 blocks.
    const most = /^list_|_of_replay/.test(call) ? 50 : (await blocksIn(table)) / 2;
    expect(await blocksOf(`select * from ${call}`)).toBeLessThan(most);
  },
);
