import { createGithubProvider } from "@nightshift/local/providers/github/provider.ts";
import { createResendWebhooks } from "@nightshift/local/providers/resend-webhooks.ts";
import { createStripeProvider } from "@nightshift/local/providers/stripe/provider.ts";
import { createWebhookSender, type SignedWebhook } from "@nightshift/local/providers/webhook-sender.ts";
import { afterEach, expect, test } from "vitest";
import { allFunctions } from "#functions.ts";
import { createDatabase } from "#lib/database/client.ts";
import { createLogger } from "#lib/logger.ts";
import { checkList } from "#webhooks/gaps/check-list.ts";
import { gapRepository } from "#webhooks/gaps/gap-repository.ts";
import type { SentList } from "#webhooks/gaps/sent-list.ts";
import { stripeList } from "#webhooks/gaps/stripe-list.ts";
import { webhookRepository } from "#webhooks/repository.ts";
import { testEnv } from "../support/app.ts";
import { intentOf } from "../support/payment-shop.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const SITE = "http://site.local";
const RESEND = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/** All events together; proof 4 is `GAP_EVENTS=2000`. */
const EVENTS = Number(process.env["GAP_EVENTS"] ?? 240);
const MINUTE = 60_000;
/** A check every 15 minutes, which housekeeping finds within 5. */
const INTERVAL_MS = 20 * MINUTE;

let shop: Workshop;
let close: (() => void) | undefined;
/** When Stripe was asked for its events, and how often it still refuses to answer. */
let [listed, refusals]: [number[], number] = [[], 0];
/** An event that Resend lists and no longer has. */
let gone: string | undefined;
afterEach(async () => {
  await shop.close();
  close?.();
});

async function open({ env = {}, listLagMs = 0 }: { env?: Record<string, string>; listLagMs?: number } = {}) {
  const clock = { now: () => shop.engine.clock.now() };
  [listed, refusals, gone] = [[], 0, undefined];
  const stripe = createStripeProvider({ clock, listLagMs });
  const github = createGithubProvider({ clock, webhookSecret: "github_secret", site: SITE });
  const resend = createResendWebhooks({ clock, webhookSecret: RESEND, site: SITE });
  close = () => stripe.close();
  shop = await workshop({
    env: {
      PLAN: "pro",
      URL: SITE,
      MAIL_REQUESTS_PER_SECOND: "0",
      STRIPE_BASE_URL: "http://stripe.local",
      STRIPE_API_KEY: "sk_test_gaps",
      STRIPE_WEBHOOK_SECRET: "whsec_local_stripe",
      GITHUB_BASE_URL: "http://github.local",
      GITHUB_REPOSITORIES: "ada/engine",
      GITHUB_TOKEN: "github_token",
      GITHUB_WEBHOOK_SECRET: "github_secret",
      RESEND_BASE_URL: "http://resend.local",
      RESEND_WEBHOOK_SECRET: RESEND,
      ...env,
    },
    hosts: {
      "stripe.local": (request) => {
        if (new URL(request.url).pathname !== "/v1/events") return stripe.fetch(request);
        listed.push(clock.now().getTime());
        return refusals-- > 0 ? Promise.resolve(new Response("{}", { status: 503 })) : stripe.fetch(request);
      },
      "github.local": github.fetch,
      "resend.local": (request) =>
        gone !== undefined && request.url.endsWith(`/events/${gone}`)
          ? Promise.resolve(new Response("{}", { status: 404 }))
          : resend.fetch(request),
      "forbidden.local": async () => Response.json({ message: "Resource not accessible" }, { status: 403 }),
    },
    // The workshop already has the functions for the engine's own events.
    functions: (platform) =>
      allFunctions(platform).filter((fn) => !["catch-failures", "record-cancellations"].includes(fn.id())),
  });
  const sender = createWebhookSender(({ path, body, headers }: SignedWebhook) =>
    shop.app.doors.api(new Request(`${SITE}${path}`, { method: "POST", body, headers })),
  );
  // The schedules are seen for the first time, and the metrics of repositories are no part of this.
  await shop.app.keepHouse();
  await shop.call("POST", "/api/schedules/sync-github-metrics/pause");
  /** An event of one of the sources: its id, and its webhook. */
  const happen = (n: number): { id: string; webhook: SignedWebhook } => {
    if (n % 3 === 0) {
      const paid = intentOf(`pi_${n}`, `order-${n}`, { receipt_email: null });
      const webhook = stripe.emit("payment_intent.succeeded", paid);
      return { id: webhook.event.id, webhook };
    }
    if (n % 3 === 1) {
      const webhook = github.recordEvent("ada/engine", "star", { action: "created" });
      return { id: webhook.guid, webhook: webhook };
    }
    const webhook = resend.recordEvent("email.delivered", { email_id: `mail_${n}`, to: ["ada@example.com"] });
    return { id: webhook.id, webhook };
  };
  return { stripe, github, resend, sender, happen };
}

const passFiveMinutes = async () => {
  await shop.engine.advance("5m");
  await shop.app.keepHouse().catch(() => undefined);
  await shop.engine.idle();
};
const handled = () =>
  shop.engine.waitFor(
    async () =>
      (await shop.rows("select from jobs where function_id = 'process-webhook' and status <> 'completed'"))
        .length === 0,
    { within: "1d" },
  );
const inbox = async (): Promise<{ external_id: string; received_at: Date; verdict: string }[]> =>
  shop.rows("select external_id, received_at, verdict from webhook_inbox");

test(`of ${EVENTS} webhooks 5 % are lost and 6 hours' are refused: the next check takes in each, once`, async () => {
  const { sender, happen } = await open();
  const TICKS = 12 * 12;
  const [outageFrom, outageTo] = [36, 36 + 72];
  sender.lose((number) => number % 20 === 7);
  const sent = new Map<string, number>();
  let backAt = 0;
  for (let tick = 0; tick < TICKS; tick++) {
    const isOut = tick >= outageFrom && tick < outageTo;
    if (tick === outageTo) backAt = shop.engine.clock.now().getTime();
    shop.down.database = isOut;
    shop.down.engine = isOut;
    while (sent.size < Math.round(((tick + 1) * EVENTS) / TICKS)) {
      const { id, webhook } = happen(sent.size);
      sent.set(id, shop.engine.clock.now().getTime());
      await sender.send(webhook);
    }
    await passFiveMinutes();
  }
  for (let tick = 0; tick < 4; tick++) await passFiveMinutes();
  await handled();

  expect(sender.counts.lost).toBeGreaterThanOrEqual(Math.floor(EVENTS * 0.045));
  expect(sender.counts.refused).toBeGreaterThanOrEqual(Math.floor(EVENTS * 0.45));
  const rows = await inbox();
  expect(rows.map((row) => row.external_id).toSorted()).toEqual([...sent.keys()].toSorted());
  const waits = rows.map(({ external_id: id, received_at: at }) => {
    const from = sent.get(id) ?? 0;
    // What was lost just before the outage could not be found before its end, either.
    const isOfOutage = from < backAt && from >= backAt - 6 * 60 * MINUTE - INTERVAL_MS;
    return at.getTime() - (isOfOutage ? backAt : from);
  });
  expect(Math.max(...waits)).toBeLessThanOrEqual(INTERVAL_MS);
  // Each was handled once: by the rooms' own tables.
  // Resend's reports are about mails that this workshop has not sent, so they change nothing.
  const unchanged = rows.filter(({ verdict }) => verdict === "unchanged").length;
  expect(unchanged).toBe(Math.floor(EVENTS / 3));
  expect(rows.filter(({ verdict }) => verdict === "applied").length).toBe(EVENTS - unchanged);
  const [of] = await shop.rows(
    `select (select count(*)::int from orders where status = 'paid') as paid,
      (select count(*)::int from analytics_events) as analytics,
      (select sum(added_star_count)::int from github_metrics) as stars,
      (select count(*)::int from jobs where function_id = 'process-webhook') as jobs`,
  );
  const third = (rest: number) => Math.floor((EVENTS - 1 - rest) / 3) + 1;
  expect(of).toEqual({ paid: third(0), analytics: third(0), stars: third(1), jobs: EVENTS });
  expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
  const [check] = await shop.rows("select sum(found_count)::int as found from webhook_gap_checks");
  expect(check.found).toBe(sender.counts.lost + sender.counts.refused);
}, 600_000);

test("an event that the provider lists only minutes after it happened is found, too", async () => {
  const { happen, sender } = await open({ listLagMs: 7 * MINUTE });
  await sender.send(happen(0).webhook);
  for (let tick = 0; tick < 3; tick++) await passFiveMinutes();
  // Just before a check, which does not see it.
  const { body } = await shop.call("GET", "/api/schedules/check-webhook-gaps");
  await shop.engine.advance(`${Date.parse(body.next.at) - shop.engine.clock.now().getTime() - 1000}ms`);
  const { id } = happen(3);
  for (let tick = 0; tick < 5; tick++) await passFiveMinutes();
  await handled();
  expect((await inbox()).map((row) => row.external_id)).toContain(id);
});

test("S2-10: a provider that does not answer is asked again after 2, 4, 8, 16 and 32 s, then the check fails", async () => {
  const { happen, sender } = await open();
  await sender.send(happen(0).webhook);
  const lost = happen(3);
  refusals = 6;
  const letters = () => shop.rows("select function_id, error_code, attempts from dead_letter_queue");
  for (let tick = 0; tick < 4 && listed.length === 0; tick++) await passFiveMinutes();
  await shop.engine.waitFor(async () => (await letters()).length > 0);
  expect(listed.slice(1).map((at, n) => (at - (listed[n] ?? 0)) / 1000)).toEqual([2, 4, 8, 16, 32]);
  expect(await letters()).toEqual([
    { function_id: "check-webhook-gaps", error_code: "provider_unavailable", attempts: 6 },
  ]);

  for (let tick = 0; tick < 4; tick++) await passFiveMinutes();
  await handled();
  expect((await inbox()).map((row) => row.external_id)).toContain(lost.id);
});

test("a webhook that arrives after the check has taken it in is a duplicate", async () => {
  const { happen, sender } = await open();
  await sender.send(happen(1).webhook);
  const late = happen(4);
  for (let tick = 0; tick < 4; tick++) await passFiveMinutes();
  await sender.send(late.webhook);
  await handled();
  expect(await inbox()).toHaveLength(2);
  expect(await shop.rows("select sum(added_star_count)::int as stars from github_metrics")).toEqual([
    { stars: 2 },
  ]);
});

test("a list longer than a step is read on from its stored page in the next step", async () => {
  const { happen, sender, stripe } = await open();
  await sender.send(happen(0).webhook);
  for (let n = 1; n <= 250; n++) happen(3 * n);
  const env = testEnv(shop.database);
  const db = createDatabase(env, shop.database.fetch);
  const gaps = gapRepository(db, shop.engine.clock);
  const webhooks = webhookRepository(db, shop.engine.clock);
  const pages: (string | undefined)[] = [];
  const whole = stripeList({
    get: async (path, query, schema) => {
      const answer = await stripe.fetch(
        new Request(`http://stripe.local${path}?${new URLSearchParams(query)}`, {
          headers: { authorization: "Bearer sk" },
        }),
      );
      return schema.parse(await answer.json());
    },
  });
  const list: SentList = {
    ...whole,
    page(from, cursor) {
      pages.push(cursor);
      return whole.page(from, cursor);
    },
  };
  const deps = { gaps, webhooks, outbox: { send: async () => true }, logger: createLogger(env) };
  // Time is over after the first page, then in the middle of the second, then never.
  let asked = 0;
  const check = (limit: number) => {
    asked = 0;
    return checkList(deps, list, { now: shop.engine.clock.now(), isLate: () => ++asked > limit });
  };
  await shop.engine.advance("1m");
  expect(await check(100)).toEqual({ listed: 100, missing: 100, failed: 0, unreadable: 0, isDone: false });
  expect(await check(40)).toEqual({ listed: 100, missing: 40, failed: 0, unreadable: 0, isDone: false });
  expect(await check(1000)).toEqual({ listed: 151, missing: 110, failed: 0, unreadable: 0, isDone: true });
  expect(await check(1000)).toEqual({ listed: 0, missing: 0, failed: 0, unreadable: 0, isDone: true });
  expect(pages[0]).toBeUndefined();
  expect(pages[1]).toBe(pages[2]);
  expect(new Set(pages).size).toBe(3);
  expect(await inbox()).toHaveLength(251);
});

test("a key that may not read hooks is named in the job's result, and the other sources are checked", async () => {
  const { happen, sender } = await open({ env: { GITHUB_BASE_URL: "http://forbidden.local" } });
  await sender.send(happen(0).webhook);
  const { id } = happen(3);
  for (let tick = 0; tick < 4; tick++) await passFiveMinutes();
  await handled();
  expect((await inbox()).map((row) => row.external_id)).toContain(id);
  const [job] = await shop.rows(
    "select status, result from jobs where function_id = 'check-webhook-gaps' order by created_at limit 1",
  );
  expect(job).toMatchObject({
    status: "completed",
    result: {
      stripe: { missing: 1 },
      github: { listed: 0, unchecked: ["GITHUB_TOKEN may not read the hooks of ada/engine"] },
    },
  });
});

test("a webhook of the list that cannot be read, or is gone, does not hold up the others", async () => {
  const { happen, sender, resend } = await open();
  await sender.send(happen(2).webhook);
  resend.recordEvent("email.delivered", { email_id: 7 });
  gone = happen(8).id;
  const { id } = happen(5);
  for (let tick = 0; tick < 4; tick++) await passFiveMinutes();
  await handled();
  expect((await inbox()).map((row) => row.external_id)).toContain(id);
  const results = await shop.rows(
    "select result from jobs where function_id = 'check-webhook-gaps' order by created_at",
  );
  expect(results[0].result.resend).toEqual({ listed: 4, missing: 1, failed: 0, unreadable: 2 });
});

test("it is scheduled only where a source has a key and a secret, and costs two executions", async () => {
  const { happen, sender } = await open();
  await sender.send(happen(1).webhook);
  await passFiveMinutes();
  const { body } = await shop.call("GET", "/api/schedules/check-webhook-gaps");
  await shop.engine.advance(`${Date.parse(body.next.at) - shop.engine.clock.now().getTime()}ms`);
  const before = shop.engine.usage().executions;
  await shop.app.keepHouse();
  await shop.engine.idle();
  expect(shop.engine.usage().executions - before).toBe(2);
  await shop.close();
  await open({ env: { STRIPE_API_KEY: "", GITHUB_TOKEN: "", RESEND_WEBHOOK_SECRET: "" } });
  expect((await shop.call("GET", "/api/schedules/check-webhook-gaps")).status).toBe(404);
});
