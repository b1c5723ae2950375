import { expect, test } from "vitest";
import { freshDatabase } from "../support/database.ts";

/**
 * The columns that an erasure of an address leaves: ids, keys and owners, words of our own code, and addresses of other
 * systems. The rows of a person's contacts are deleted as a whole.
 */
const LEFT: Record<string, string> = {
  contacts: "owner email phone company",
  email_lists: "owner",
  email_subscribers: "email status",
  image_tasks: "owner lane status image_path thumbnail_path error_code",
  import_files: "owner path",
  dead_letter_queue:
    "event_name status event_id run_id function_id error_code fingerprint handled_by outcome release alert_claimed_by",
  import_rejects: "column_name code hint",
  imports:
    "owner target scope options merge absent file_url fingerprint declared_format version status undo_counts",
  job_errors: "event_id event_name error_code function_id run_id",
  job_events: "type",
  job_log_lines: "run_id function_id level",
  job_parts: "bounds counts status claimant",
  job_runs: "status",
  jobs: "kind function_id event_id event_name status requester owner idempotency_key fingerprint",
  letter_group_jobs: "fingerprint action requested_by",
  mails: "key template provider message_id reported",
  notifications: "owner type key",
  orders: "owner status currency payment_key payment_id",
  payments: "order_id currency status failure_code state",
  posts: "author strategy",
  products: "owner sku",
  signups: "email",
  suppressions: "address scope stream reason source lifted_by",
  webhook_attempts: "url request_headers error_code",
  webhook_endpoints: "owner url event_types policy status disabled_reason",
  webhook_inbox: "source external_id type object_key headers body_sha256 verdict",
  webhook_messages: "owner type key",
};

const CODE = "only ids, owners and words of our own code";
const OPERATORS = "only ids and names that operators chose";
/** The other tables with text, and why no columns of them are registered. */
const NOT_REGISTERED: Record<string, string> = {
  alerts: "rows of the monitor's queries, which select no text of people",
  analytics_events: CODE,
  api_keys: OPERATORS,
  audit_logs: "parameters of paths, which are ids and names that operators chose",
  auth_tokens: CODE,
  blocks: CODE,
  busiest_users: CODE,
  campaign_batches: "private.erase_from_campaigns; other recipients' fields stay as they were planned",
  campaign_sends: "private.erase_from_campaigns",
  campaigns: "content that its author has sent or will send to a list",
  erasures: "the address is removed when the erasure is done",
  feed_entries: CODE,
  flag_decisions: CODE,
  flags: OPERATORS,
  follows: CODE,
  github_metrics: OPERATORS,
  image_lanes: CODE,
  image_uploads: CODE,
  import_rows: "private.erase_from_imports",
  inbox_replays: CODE,
  job_plans: "ranges of ids, and counts",
  mail_bounces: CODE,
  notification_preferences: "private.erase_from_preferences",
  reports: CODE,
  schedule_ticks: CODE,
  schedules: OPERATORS,
  sessions: CODE,
  subscriptions: "ids of the payment provider",
  user_settings: CODE,
  webhook_deliveries: CODE,
  webhook_gap_checks: CODE,
  webhook_objects: CODE,
  webhook_refusals: CODE,
  webhook_replays: CODE,
};

test("an erasure reaches each column that may hold a person's words, of each table that is registered for it", async () => {
  const db = await freshDatabase();
  const { rows } = await db.sql.query(
    `select eraser.table_name as table, string_agg(column_name, ' ' order by ordinal_position) as left
     from private.erasers as eraser join information_schema.columns as known
       on known.table_schema || '.' || known.table_name = eraser.table_name
     where data_type in ('text', 'json', 'jsonb', 'ARRAY') and column_name <> eraser.key_column and column_name <> all (eraser.columns)
     group by eraser.table_name`,
  );
  await db.close();
  expect(Object.fromEntries(rows.map((row) => [row.table.replace("public.", ""), row.left]))).toEqual(LEFT);
});

test("each public table with text is registered for an erasure, or is listed here with the reason", async () => {
  const db = await freshDatabase();
  const { rows } = await db.sql.query(
    `select distinct table_name as table
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema = 'public' and table_type = 'BASE TABLE' and data_type in ('text', 'json', 'jsonb', 'ARRAY')
       and not exists (select from private.erasers where erasers.table_name = 'public.' || columns.table_name)
     order by 1`,
  );
  await db.close();
  expect(rows.map(({ table }) => table)).toEqual(Object.keys(NOT_REGISTERED).toSorted());
});
