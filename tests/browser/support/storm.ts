import type { House } from "./house.ts";
import {
  draftCampaign,
  eventually,
  failedCampaign,
  holdMails,
  receiveGithub,
  sendCampaign,
} from "./seeds.ts";

/** Work of every kind, with its failures. Afterwards only one campaign is under way, and one is blocked. */
export async function storm(house: House) {
  const { call, steer, sql } = house;
  const endpoint = await call("POST", "/api/webhook-endpoints", {
    url: "https://localhost/hook",
    eventTypes: ["*"],
  });
  await failedCampaign(house, "The blocked letter");
  await steer("/_control/reject", { addresses: ["reader-3@example.com", "reader-4@example.com"] });
  const draft = await draftCampaign(house, { name: "The sent letter", people: 23 });
  const { listId } = await call("GET", `/api/campaigns/${draft}`);
  const people = (await call("GET", `/api/lists/${listId}/subscribers`)).items;
  for (const { id } of people.slice(10, 13))
    await call("PATCH", `/api/lists/${listId}/subscribers/${id}`, { status: "unsubscribed" });
  await call("DELETE", `/api/lists/${listId}/subscribers/${people[14].id}`);
  const { jobId: sending } = await call("POST", `/api/campaigns/${draft}/send`);

  for (let n = 0; n < 9; n++)
    await call("POST", "/api/tasks", {
      prompt: `a ${n % 3 === 0 ? "map that will fail permanently" : "kite"} ${n}`,
    });
  const rows = Array.from({ length: 40 }, (_, n) => `guest-${n % 35}@example.com,+49 ${n}`);
  const content = ["email,phone", ...rows, "no address,1", "nor this,2", ""].join("\n");
  const { importId } = await call("POST", "/api/imports", {
    source: { content, fileName: "guests.csv" },
    target: "contacts",
  });
  await ended(house, [sending, importId]);
  const today = new Date().toISOString().slice(0, 10);
  const { jobId: report } = await call("POST", "/api/reports", {
    reportType: "contacts",
    format: "csv",
    dateRange: { start: "2020-01-01", end: today },
  });
  await call("POST", "/api/schedules/send-daily-report/run");
  await ended(house, [report]);
  await sql.query(
    `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, error_code,
       error_message, failed_at, alerted_at, status, handled_at, handled_by, note)
     select 'monitoring/canary', '{"sentAt": "2026-11-29T00:00:00Z"}', 's' || n, 's' || n, 'run-canary', '2-' || n % 2,
       'provider_rejected', 'Cause ' || n % 2, now() - n * interval '1 minute', now(),
       case when n % 5 = 0 then 'ignored' else 'failed' end, case when n % 5 = 0 then now() end,
       case when n % 5 = 0 then 'key:test' end, case when n % 5 = 0 then 'known' end
     from generate_series(1, 47) as n`,
  );
  await sql.query(
    `insert into alerts (rule, subject, severity, status, value, threshold, query, offenders, opened_at, seen_at,
       acknowledged_at, acknowledged_by)
     select 'queue-depth', 'P' || n, 'error', case when n = 4 then 'acknowledged' else 'open' end, 1200, 1000, 'select 1', '[]',
       now(), now(), case when n = 4 then now() end, case when n = 4 then 'key:test' end
     from generate_series(1, 4) as n`,
  );
  await call("PUT", "/api/flags/async_newsletter", { percentage: 50 });
  await sql.query(
    `insert into flag_decisions (environment, flag, subject, key, way, reason, job_id, decided_at)
     select (select environment from flags limit 1), 'async_newsletter', id::text, id::text,
       case when row_number() over (order by id) % 3 = 0 then 'sync' else 'queue' end, 'percentage', id, now()
     from jobs where status in ('completed', 'failed')`,
  );
  for (let n = 0; n < 14; n++) await receiveGithub(house, ["push", "fork", "star"][n % 3] ?? "push");
  await payments(house);
  await holdMails(house);
  const { id: held } = await sendCampaign(house, { name: "The held letter", people: 12 });
  return { endpoint: String(endpoint.id), sent: draft, held };
}

/** Thirty orders: of five, one is pending, one is refunded in part, and one has a payment that failed. */
async function payments({ sql }: House): Promise<void> {
  await sql.query(
    `insert into orders (id, owner, status, amount_cents, currency, payment_id, paid_at, created_at)
     select 'order-' || n, 'key:test', case when n % 5 in (0, 2) then 'pending' when n % 5 = 1 then 'refunded' else 'paid' end,
       n * 1234, 'usd', case when n % 5 > 0 then 'pi_' || n end, case when n % 5 in (1, 3, 4) then now() end,
       now() - n * interval '1 minute'
     from generate_series(1, 30) as n`,
  );
  await sql.query(
    `insert into payments (id, order_id, amount_cents, status, failure_code, refunded_cents, created_at, updated_at)
     select payment_id, id, amount_cents, case when status = 'pending' then 'requires_payment_method' else 'succeeded' end,
       case when status = 'pending' then 'card_declined' end,
       case when status = 'refunded' then amount_cents / 2 else 0 end, created_at, now()
     from orders where payment_id is not null`,
  );
}

const ended = (house: House, jobs: readonly string[]) =>
  eventually("the jobs have ended", async () => {
    const { rows } = await house.sql.query("select from jobs where id = any ($1) and ended_at is not null", [
      jobs,
    ]);
    return rows.length === jobs.length;
  });
