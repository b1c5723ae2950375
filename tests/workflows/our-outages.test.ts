import { randomUUID } from "node:crypto";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXECUTIONS } from "#cost/executions.ts";
import { insertJob } from "../support/jobs.ts";
import {
  GITHUB_SECRET,
  HOOK_SECRET,
  type Outage,
  type OutageHouse,
  outageHouse,
} from "../support/outage-house.ts";
import { intentOf } from "../support/payment-shop.ts";
import { githubHeaders, hookHeaders } from "../support/sign.ts";

let house: OutageHouse;
/** A house of its own for each function, so that the work of one is not in another's way. */
const inHouse = () => {
  beforeAll(async () => {
    house = await outageHouse();
    // A schedule would begin runs of its own all the time, and no moment would be at rest.
    for (const schedule of ["sync-github-metrics", "check-webhook-gaps"])
      await house.call("POST", `/api/schedules/${schedule}/pause`);
  });
  afterAll(() => house.close());
};

const job = async (id: string) => (await house.call("GET", `/api/jobs/${id}`)) as { status: string };
const hasCompleted = async (id: string) => (await job(id)).status === "completed";
const count = async (sql: string, ...values: unknown[]) => Number((await house.rows(sql, ...values))[0].n);
const notified = (key: string, value: string) =>
  count("select count(*) as n from notifications where data ->> $1 = $2", key, value);
const files = (pattern: string) =>
  count("select count(*) as n from storage.objects where name like $1", pattern);
const stars = (repository: string) =>
  count(
    "select coalesce(sum(added_star_count), 0) as n from github_metrics where repository = $1",
    repository,
  );
const paymentsOf = (orderId: string) =>
  house.stripe.store.withOrder(orderId).filter(({ object }) => object === "payment_intent").length;
const picture = () =>
  sharp({ create: { width: 40, height: 30, channels: 3, background: "#3a6ea5" } })
    .png()
    .toBuffer();
/** The number of Slack messages that contain this text. */
const told = async (text: string) => {
  const { messages } = (await house.record("slack")) as { messages: unknown[] };
  return messages.filter((message) => JSON.stringify(message).includes(text)).length;
};

/** `begin` starts work of a function, `isDone` says that it ended as expected, and `effects` must then equal `once`. */
type Work = {
  begin(): Promise<string>;
  isDone(id: string): Promise<boolean>;
  effects(id: string): Promise<unknown>;
  once: unknown;
  /** The number of dead letters that the work itself makes. */
  letters?: number;
  /** Further outages that the work is tested with. */
  also?: Outage[];
};

const campaign: Work = {
  async begin() {
    const list = await house.call("POST", "/api/lists", { name: "People" });
    const people = Array.from({ length: 3 }, (_, n) => ({ email: `p${n}.${list.id}@example.com` }));
    await house.call("POST", `/api/lists/${list.id}/subscribers`, people);
    const content = { subject: "News", text: "Hello", from: "us@example.com" };
    const { id } = await house.call("POST", "/api/campaigns", { listId: list.id, name: "n", ...content });
    await house.call("POST", `/api/campaigns/${id}/send`);
    return id;
  },
  isDone: async (id) => (await house.call("GET", `/api/campaigns/${id}`)).status === "completed",
  async effects(id) {
    const { counts, listId } = await house.call("GET", `/api/campaigns/${id}`);
    const { messages } = (await house.record("messages?limit=5000")) as { messages: { to: string[] }[] };
    const mails = messages.flatMap(({ to }) => to).filter((to) => to.includes(listId));
    return { sent: counts.sent, unknown: counts.unknown, mails: mails.length };
  },
  once: { sent: 3, unknown: 0, mails: 3 },
};

const theImport: Work = {
  async begin() {
    const list = await house.call("POST", "/api/lists", { name: "People" });
    const { url, method, uploadId } = await house.call("POST", "/api/imports/uploads", { fileName: "p.csv" });
    const lines = ["email", ...Array.from({ length: 3 }, (_, n) => `p${n}.${list.id}@example.com`)];
    await house.store(url, method, lines.join("\n"));
    const options = { listId: list.id };
    const asked = { source: { uploadId }, target: "subscribers", options };
    return (await house.call("POST", "/api/imports", asked)).importId;
  },
  isDone: async (id) => (await house.call("GET", `/api/imports/${id}`)).status === "completed",
  async effects(id) {
    const { counts } = await house.call("GET", `/api/imports/${id}`);
    return { inserted: counts.inserted, rejected: counts.rejected, told: await notified("importId", id) };
  },
  once: { inserted: 3, rejected: 0, told: 1 },
};

const thePost: Work = {
  async begin() {
    await house.rows(
      `insert into follows select 'reader' || n, 'operator', nextval('private.feed_sequence'), now()
       from generate_series(1, 3) as n on conflict do nothing`,
    );
    return (await house.call("POST", "/api/posts", { content: "hello" })).id;
  },
  isDone: hasCompleted,
  effects: (id) =>
    count("select count(*) as n from feed_entries join posts on sequence = post_sequence where id = $1", id),
  once: 3,
};

const failing: Work = {
  // A picture that cannot be decoded fails for good, which the engine tells of.
  begin: async () => (await house.call("POST", "/api/upload", (await picture()).subarray(0, 60))).jobId,
  isDone: async (id) => (await job(id)).status === "failed",
  effects: async (id) => ({
    letters: await count("select count(*) as n from dead_letter_queue where job_id = $1", id),
    // Slack has no idempotency keys, so an alert may be sent twice, but at least once.
    isTold: (await told(id)) > 0,
  }),
  once: { letters: 1, isTold: true },
  letters: 1,
};

const replayOf = new Map<string, string>();
/** An endpoint of its own, with one message to deliver. */
async function endpointWithMessage(): Promise<string> {
  // An owner may have 20.
  await house.rows("update webhook_endpoints set owner = id::text");
  const url = `https://receiver.example/${randomUUID()}`;
  const { id } = await house.call("POST", "/api/webhook-endpoints", { url, eventTypes: ["report.ready"] });
  await house.call("POST", `/api/webhook-endpoints/${id}/test`, { type: "report.ready" });
  return id;
}
const deliveriesOf = async (id: string): Promise<{ id: string; status: string; message_id: string }[]> =>
  house.rows("select id, status, message_id from webhook_deliveries where endpoint_id = $1", id);
/** A lost answer repeats a message under its id, so that the receiver can tell: distinct ids are counted. */
async function receivedBy(id: string) {
  const deliveries = await deliveriesOf(id);
  const ids = new Set(deliveries.map(({ message_id }) => message_id));
  return {
    delivered: deliveries.filter(({ status }) => status === "delivered").length,
    received: new Set(house.webhookIds.filter((received) => ids.has(received.replace(/^msg_/, "")))).size,
  };
}

/** A new user, by Auth's own call. Returns the address. */
async function signUp(): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const now = house.engine.clock.now();
  const body = JSON.stringify({ user: { id: randomUUID(), email, email_confirmed_at: now.toISOString() } });
  await house.receive("auth-hooks/after-user-created", body, hookHeaders(body, [HOOK_SECRET], now));
  return email;
}
async function mailsTo(email: string): Promise<number> {
  const { messages } = (await house.record("messages?limit=5000")) as { messages: { to: string[] }[] };
  return messages.filter(({ to }) => to.includes(email)).length;
}
/** Housekeeping sends the event of a mail that was not sent because of the outage. */
async function haveArrived(mails: number, email: string): Promise<boolean> {
  await house.keepHouse();
  return (await mailsTo(email)) >= mails;
}
const settingsOf = (email: string) =>
  count("select count(*) as n from user_settings join signups using (user_id) where email = $1", email);

/** Every function of the product. A new one without a line here fails the test. */
const WORK: Record<string, Work> = {
  "send-email-campaign": { ...campaign, also: ["no events taken"] },
  "send-campaign-part": campaign,
  "resume-email-campaign": {
    ...campaign,
    async begin() {
      let id = "";
      // Otherwise all mails may have been sent before the pause.
      await house.beforeRuns(async () => {
        id = await campaign.begin();
        await house.call("POST", `/api/campaigns/${id}/pause`);
      });
      await house.engine.idle();
      await house.call("POST", `/api/campaigns/${id}/resume`);
      return id;
    },
    also: ["no events taken"],
  },
  "generate-image": {
    begin: async () => (await house.call("POST", "/api/tasks", { prompt: "a boat" })).id,
    isDone: hasCompleted,
    effects: async (id) => ({
      files: await files(`%${id}%`),
      attempts: (await house.call("GET", `/api/tasks/${id}`)).attempts,
    }),
    once: { files: 2, attempts: 1 },
    also: ["no storage"],
  },
  "resize-image": {
    begin: async () => (await house.call("POST", "/api/upload", await picture())).jobId,
    isDone: hasCompleted,
    effects: async (id) => ({ files: await files(`uploads/${id}/%`), told: await notified("uploadId", id) }),
    once: { files: 2, told: 1 },
    also: ["no storage"],
  },
  "generate-report": {
    begin: async () => {
      const dateRange = { start: "2026-11-01", end: "2026-11-02" };
      // A report that was asked for a minute ago is the same one.
      await house.engine.advance("2m");
      return (await house.call("POST", "/api/reports", { reportType: "users", format: "csv", dateRange }))
        .jobId;
    },
    isDone: hasCompleted,
    effects: async (id) => ({ files: await files(`${id}%`), told: await notified("reportId", id) }),
    once: { files: 1, told: 1 },
    also: ["no events taken", "no storage"],
  },
  "process-import": { ...theImport, also: ["no storage", "no events taken"] },
  "process-import-batch": { ...theImport, also: ["no storage"] },
  "undo-import": {
    async begin() {
      const id = await theImport.begin();
      await house.engine.waitFor(() => theImport.isDone(id));
      await house.call("POST", `/api/imports/${id}/undo`);
      return id;
    },
    isDone: async (id) => (await house.call("GET", `/api/imports/${id}`)).undo?.status === "completed",
    async effects(id) {
      const { undo, target, options } = await house.call("GET", `/api/imports/${id}`);
      const left = await count(
        "select count(*) as n from email_subscribers where list_id = $1",
        options.listId,
      );
      return { undone: undo.undone, conflicts: undo.conflicts, target, left };
    },
    once: { undone: 3, conflicts: 0, target: "subscribers", left: 0 },
  },
  "push-post": { ...thePost, also: ["no events taken"] },
  "push-post-part": thePost,
  "process-payment": {
    async begin() {
      const orderId = randomUUID();
      await house.call("POST", "/api/payments", { orderId, amount: 4200, idempotencyKey: orderId });
      return orderId;
    },
    isDone: async (id) =>
      (await count("select count(*) as n from orders where id = $1 and payment_id is not null", id)) > 0,
    effects: async (id) => ({ payments: paymentsOf(id) }),
    once: { payments: 1 },
  },
  "send-mail": {
    async begin() {
      const orderId = randomUUID();
      const email = `${orderId}@example.com`;
      const paid = intentOf(`pi_${orderId}`, orderId, { receipt_email: email });
      const { body, headers } = house.stripe.emit("payment_intent.succeeded", paid);
      await house.receive("webhooks/stripe", body, headers);
      return orderId;
    },
    isDone: async (id) =>
      (await count(
        "select count(*) as n from mails where key = $1 and message_id is not null",
        `receipt:${id}`,
      )) > 0,
    async effects(id) {
      const { messages } = (await house.record("messages?limit=5000")) as { messages: { to: string[] }[] };
      return { mails: messages.filter(({ to }) => to.includes(`${id}@example.com`)).length };
    },
    once: { mails: 1 },
  },
  "send-bulk-mail": {
    async begin() {
      const email = `${randomUUID()}@example.com`;
      const fields = { unread: 1, completed: 0, failed: 0 };
      const mail = { key: email, template: "weekly-digest", to: email, isBulk: true, fields };
      await house.rows("select private.send_mail($1, $2)", JSON.stringify(mail), house.engine.clock.now());
      await house.engine.advance("1m");
      // It sends the mail's event, and the outage begins while its other chores still run.
      await house.keepHouse().catch(() => {});
      return email;
    },
    isDone: (email) => haveArrived(1, email),
    effects: async (email) => ({ mails: await mailsTo(email) }),
    once: { mails: 1 },
  },
  "process-webhook": {
    async begin() {
      const repository = { full_name: `ada/${randomUUID()}` };
      const body = JSON.stringify({ action: "created", repository });
      await house.receive("webhooks/github", body, githubHeaders(body, GITHUB_SECRET, "star"));
      return repository.full_name;
    },
    isDone: async (name) => (await stars(name)) > 0,
    effects: async (name) => ({ stars: await stars(name) }),
    once: { stars: 1 },
  },
  "replay-inbox": {
    async begin() {
      const repository = { full_name: `ada/${randomUUID()}` };
      const body = JSON.stringify({ action: "created", repository });
      await house.receive("webhooks/github", body, githubHeaders(body, GITHUB_SECRET, "star"));
      const name = repository.full_name;
      await house.engine.waitFor(async () => (await stars(name)) > 0);
      const newest = "select received_at from webhook_inbox where object_key = $1";
      const [{ received_at: at }] = await house.rows(newest, `github:${name}`);
      await house.call("POST", "/api/webhook-inbox/replays", {
        source: "github",
        from: at.toISOString(),
        to: new Date(at.getTime() + 1).toISOString(),
      });
      return name;
    },
    async isDone(name) {
      // Housekeeping sends the jobs whose events were not sent because of the outage.
      await house.keepHouse();
      return (await stars(name)) > 1;
    },
    effects: async (name) => ({ stars: await stars(name) }),
    once: { stars: 2 },
  },
  "handle-letter-group": {
    async begin() {
      const fingerprint = randomUUID();
      // Other tests' letters are not in this group.
      await house.rows(
        `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, failed_at,
           alerted_at)
         select 'monitoring/canary', '{}', $1 || n, $1 || n, 'run-canary', $1, $2, $2 from generate_series(1, 3) as n`,
        fingerprint,
        house.engine.clock.now(),
      );
      const path = `/api/dead-letters/groups/${fingerprint}/ignore`;
      return (await house.call("POST", path, { note: "tried" })).jobId;
    },
    isDone: hasCompleted,
    effects: async (id) => ({
      ignored: await count("select count(*) as n from dead_letter_queue where group_job_id = $1", id),
    }),
    once: { ignored: 3 },
    letters: 3,
  },
  "send-webhook": {
    begin: endpointWithMessage,
    isDone: async (id) => (await deliveriesOf(id)).every(({ status }) => status === "delivered"),
    effects: receivedBy,
    once: { delivered: 1, received: 1 },
  },
  "replay-webhooks": {
    async begin() {
      const id = await endpointWithMessage();
      await house.engine.waitFor(async () => (await deliveriesOf(id))[0]?.status === "delivered");
      const period = { from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z", scope: "all" };
      const { jobId } = await house.call("POST", `/api/webhook-endpoints/${id}/replays`, period);
      replayOf.set(id, jobId);
      return id;
    },
    async isDone(id) {
      // Housekeeping sends the event of a lane that was not sent because of the outage.
      await house.keepHouse();
      const deliveries = await deliveriesOf(id);
      return (
        (await hasCompleted(replayOf.get(id) ?? "")) &&
        deliveries.every(({ status }) => status === "delivered")
      );
    },
    effects: receivedBy,
    once: { delivered: 1, received: 1 },
  },
  "run-canary": {
    async begin() {
      // Housekeeping sends what was accepted a while ago.
      const earlier = new Date(house.engine.clock.now().getTime() - 120_000);
      await house.rows("update private.monitor set canary_job_id = null, canary_sent_at = null");
      await house.rows("select public.send_canary('5 minutes', $1)", earlier);
      await house.keepHouse().catch(() => {});
      return (await house.rows("select canary_job_id as id from private.monitor"))[0].id;
    },
    isDone: hasCompleted,
    effects: async (id) => (await job(id)).status,
    once: "completed",
  },
  "send-daily-report": {
    async begin() {
      // Each report is on another day, and the schedule itself makes none.
      await house.call("POST", "/api/schedules/send-daily-report/pause");
      await house.engine.advance("24h");
      return (await house.call("POST", "/api/schedules/send-daily-report/run")).jobId;
    },
    isDone: async (jobId) =>
      (await count("select count(*) as n from jobs where id = $1 and status = 'completed'", jobId)) === 1,
    async effects(jobId) {
      const [row] = await house.rows("select result ->> 'day' as day from jobs where id = $1", jobId);
      return { reports: await told(`report for ${row.day}`) };
    },
    once: { reports: 1 },
  },
  "backfill-schedule": {
    async begin() {
      await house.call("POST", "/api/schedules/send-daily-report/pause");
      await house.engine.advance("24h");
      await house.keepHouse().catch(() => {});
      const [row] = await house.rows(
        "select max(slot_at) as at from schedule_ticks where schedule = 'send-daily-report' and fate = 'skipped'",
      );
      const from = new Date(row.at).toISOString();
      const to = new Date(row.at.getTime() + 60_000).toISOString();
      const { jobId } = await house.call("POST", "/api/schedules/send-daily-report/backfill", { from, to });
      return jobId;
    },
    isDone: async (jobId) =>
      (await count("select count(*) as n from jobs where id = $1 and status = 'completed'", jobId)) === 1,
    async effects(jobId) {
      const [row] = await house.rows("select result ->> 'started' as started from jobs where id = $1", jobId);
      return { started: Number(row.started) };
    },
    once: { started: 1 },
  },
  "sync-github-metrics": {
    async begin() {
      house.github.stars += 1;
      return (await house.call("POST", "/api/schedules/sync-github-metrics/run")).jobId;
    },
    isDone: async (jobId) =>
      (await count("select count(*) as n from jobs where id = $1 and status = 'completed'", jobId)) === 1,
    effects: async () => ({
      isNewest: (await count("select max(star_count) as n from github_metrics")) === house.github.stars,
    }),
    once: { isNewest: true },
  },
  "generate-sitemap": {
    async begin() {
      await house.call("POST", "/api/schedules/generate-sitemap/pause");
      return (await house.call("POST", "/api/schedules/generate-sitemap/run")).jobId;
    },
    isDone: hasCompleted,
    effects: async (id) => ({ status: (await job(id)).status, files: await files("sitemap.xml") }),
    once: { status: "completed", files: 1 },
    also: ["no storage"],
  },
  "archive-ledger": {
    async begin() {
      await house.call("POST", "/api/schedules/archive-ledger/pause");
      // A job that ended in a past month.
      const then = new Date(house.engine.clock.now().getTime() - 40 * 24 * 60 * 60_000);
      const id = await insertJob(
        { query: async (sql, values) => ({ rows: await house.rows(sql, ...values) }) },
        {},
        then,
      );
      await house.rows("select private.end_job($1, 'completed', null, null, $2)", id, then);
      await house.rows("truncate private.archived_months");
      return (await house.call("POST", "/api/schedules/archive-ledger/run")).jobId;
    },
    isDone: hasCompleted,
    effects: async (id) => ({
      status: (await job(id)).status,
      isArchived: (await count("select count(*) as n from private.archived_months where row_count > 0")) > 0,
      files: await files("%/jobs-1.ndjson.gz"),
    }),
    once: { status: "completed", isArchived: true, files: 1 },
    also: ["no storage"],
  },
  "on-user-signup": {
    begin: signUp,
    isDone: (email) => haveArrived(1, email),
    async effects(email) {
      const tracked =
        "select count(*) as n from analytics_events join signups on subject = user_id::text where email = $1";
      const profiles = "select count(*) as n from profiles join signups on id = user_id where email = $1";
      return {
        welcomes: await mailsTo(email),
        tracked: await count(tracked, email),
        profiles: await count(profiles, email),
      };
    },
    once: { welcomes: 1, tracked: 1, profiles: 1 },
  },
  "set-default-settings": {
    begin: signUp,
    isDone: async (email) => (await settingsOf(email)) === 1,
    effects: async (email) => ({ settings: await settingsOf(email) }),
    once: { settings: 1 },
  },
  "send-profile-reminder": {
    async begin() {
      const email = await signUp();
      await house.engine.advance("23h57m");
      await house.keepHouse();
      await house.engine.advance("4m");
      return email;
    },
    isDone: (email) => haveArrived(2, email),
    effects: async (email) => ({ mails: await mailsTo(email) }),
    once: { mails: 2 },
  },
  "check-webhook-gaps": {
    async begin() {
      // As if the list had been checked before: the first check of a list begins now.
      const known =
        "insert into webhook_gap_checks (key, checked_until) values ('stripe', $1) on conflict do nothing";
      await house.rows(known, house.engine.clock.now().toISOString());
      await house.engine.advance("1m");
      const orderId = randomUUID();
      house.stripe.emit("payment_intent.succeeded", intentOf(`pi_${orderId}`, orderId));
      await house.call("POST", "/api/schedules/check-webhook-gaps/run");
      return orderId;
    },
    async isDone(id) {
      // Housekeeping sends the jobs of webhooks that were taken in by a statement whose answer was lost.
      await house.keepHouse();
      return (await count("select count(*) as n from orders where id = $1", id)) === 1;
    },
    effects: async (id) => ({
      webhooks: await count(
        "select count(*) as n from webhook_inbox where object_key = $1",
        `stripe:pi_${id}`,
      ),
    }),
    once: { webhooks: 1 },
  },
  "erase-person": {
    async begin() {
      const list = await house.call("POST", "/api/lists", { name: "People" });
      const email = `${randomUUID()}@example.com`;
      await house.call("POST", `/api/lists/${list.id}/subscribers`, [{ email }]);
      return (await house.call("POST", "/api/erasures", { email })).jobId;
    },
    isDone: hasCompleted,
    effects: async (id) => ((await job(id)) as unknown as { result: { counts: unknown } }).result.counts,
    once: { email_subscribers: 1 },
  },
  "catch-failures": failing,
  "record-cancellations": {
    async begin() {
      await house.imagesAnswer(503);
      const { id } = await house.call("POST", "/api/tasks", { prompt: "a boat" });
      await house.engine.idle();
      await house.call("DELETE", `/api/jobs/${id}`);
      await house.imagesAnswer(null);
      return id;
    },
    isDone: async (id) =>
      (await count("select count(*) as n from job_runs where job_id = $1 and ended_at is null", id)) === 0,
    effects: async (id) => ({ status: (await job(id)).status }),
    once: { status: "canceled" },
  },
};

const AWAY: Outage[] = ["refused", "answer lost", "process died"];
/** More calls than any function makes here. */
const MOST_CALLS = 40;

describe("this file", () => {
  inHouse();
  test("has a test for every function of the product", () => {
    expect(Object.keys(WORK).toSorted()).toEqual(house.functions.map((fn) => fn.id()).toSorted());
  });
});

/** Asked before `isDone`, which for some works is a visit of housekeeping. */
const isAtRest = () => house.engine.runs().every(({ status }) => !["Scheduled", "Running"].includes(status));

/** Whether the work made that many calls: only then was there an outage. */
async function survives(functionId: string, work: Work, kind: Outage, call: number) {
  const before = await count("select count(*) as n from dead_letter_queue");
  house.arm({ functionId, kind, call });
  const id = await work.begin();
  await house.engine.idle();
  const wasAway = house.isAway();
  if (wasAway) await house.engine.advance("10m");
  house.recover();
  // Its effects are counted when no run is left that could repeat one of them.
  await house.engine.waitFor(async () => isAtRest() && (await work.isDone(id)), { within: "1d" });
  await house.engine.idle();
  const at = `${kind} at call ${call}`;
  const letters = (await count("select count(*) as n from dead_letter_queue")) - before;
  expect({ at, letters }).toEqual({ at, letters: work.letters ?? 0 });
  return { wasAway, at, id };
}

describe.each(Object.entries(WORK))("%s", (functionId, work) => {
  inHouse();

  test("a run without an outage costs what the estimate says, within 5 %", async () => {
    const id = await work.begin();
    await house.engine.waitFor(async () => isAtRest() && (await work.isDone(id)), { within: "1d" });
    await house.engine.idle();
    const runs = house.engine.runs(functionId);
    const counted = runs.reduce((sum, { executions }) => sum + executions, 0);
    const estimate = runs.length * (EXECUTIONS[functionId] ?? 0);
    expect(runs.length).toBeGreaterThan(0);
    expect(Math.abs(estimate - counted), `${functionId}: ${counted} executions`).toBeLessThanOrEqual(
      counted * 0.05,
    );
    // So does the month so far, with all runs that this work began.
    await house.engine.advance("2m");
    await house.keepHouse();
    await house.engine.idle();
    const { used } = await house.call("GET", "/api/cost/month");
    const all = house.engine.usage().executions;
    expect(Math.abs(used.executions - all), `${used.executions} instead of ${all}`).toBeLessThanOrEqual(
      all * 0.05,
    );
  });

  test.each([...AWAY, ...(work.also ?? [])])(
    "a ten-minute outage (%s) at any call loses nothing and repeats no effect",
    async (kind) => {
      const survived: { at: string; id: string }[] = [];
      let call = 0;
      for (let wasAway = true; wasAway && call < MOST_CALLS; ) {
        call += 1;
        const one = await survives(functionId, work, kind, call);
        survived.push(one);
        wasAway = one.wasAway;
      }
      // Once for all of them, because it takes as long as an outage. It must not repeat an effect.
      const letters = await count("select count(*) as n from dead_letter_queue");
      await house.keepHouse();
      await house.engine.idle();
      for (const { at, id } of survived)
        expect({ at, effects: await work.effects(id) }).toEqual({ at, effects: work.once });
      expect(await count("select count(*) as n from dead_letter_queue")).toBe(letters);
      expect(call).toBeGreaterThan(1);
      expect(call).toBeLessThan(MOST_CALLS);
    },
  );
});
