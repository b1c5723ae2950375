import { expect, test } from "vitest";
import { freshDatabase } from "../support/database.ts";

/**
 * The columns that an erasure of an address leaves: ids, keys and owners, words of our own code, and addresses of other
 * systems. The rows of a person's contacts are deleted as a whole.
 */
const LEFT: Record<string, string> = {
  contacts: "owner email phone company",
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
  webhook_attempts: "url request_headers error_code",
  webhook_inbox: "source external_id type object_key headers body_sha256 verdict",
  webhook_messages: "owner type key",
};

test("an erasure reaches each column that may hold a person's words, of each table that is registered for it", async () => {
  const db = await freshDatabase();
  const { rows } = await db.sql.query(
    `select eraser.table_name as table, string_agg(column_name, ' ' order by ordinal_position) as left
     from private.erasers as eraser join information_schema.columns as known
       on known.table_schema || '.' || known.table_name = eraser.table_name
     where data_type in ('text', 'jsonb') and column_name <> eraser.key_column and column_name <> all (eraser.columns)
     group by eraser.table_name`,
  );
  await db.close();
  expect(Object.fromEntries(rows.map((row) => [row.table.replace("public.", ""), row.left]))).toEqual(LEFT);
});
