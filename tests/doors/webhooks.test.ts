import { createHmac, randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { findFunctions } from "@nightshift/local/netlify/functions.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { githubHeaders, resendHeaders, stripeHeaders } from "../support/sign.ts";

const env = {
  STRIPE_WEBHOOK_SECRET: "whsec_stripe_new, whsec_stripe_old",
  GITHUB_WEBHOOK_SECRET: "github_secret",
  RESEND_WEBHOOK_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};
let database: TestDatabase;
/** Its engine does not answer. */
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, { env });
});
afterAll(() => database.close());

const stripeEvent = (type = "payment_intent.succeeded", more: object = {}) => ({
  id: `evt_${randomUUID()}`,
  object: "event",
  type,
  created: 1_793_527_200,
  data: { object: { id: `pi_${randomUUID()}`, object: "payment_intent" } },
  ...more,
});
type Post = { to?: string; secret?: string; headers?: Record<string, string>; by?: TestApp };
const post = async (
  event: object | string,
  { to = "/api/webhooks/stripe", secret, headers, by = site }: Post = {},
) => {
  const body = typeof event === "string" ? event : JSON.stringify(event);
  const signed = stripeHeaders(body, secret ?? "whsec_stripe_new");
  return by.call("POST", to, { body, headers: { ...signed, ...headers } });
};
const rows = async (sql: string, ...values: unknown[]) => (await database.sql.query(sql, values)).rows;
const inbox = (externalId: string) => rows("select * from webhook_inbox where external_id = $1", externalId);
const jobOf = (id: string) => rows("select * from jobs where id = $1", id);

describe("200: a webhook with a valid signature is stored and its job is accepted", () => {
  test("S2-16, S4-10: Stripe's webhook is accepted at both addresses in under 5 s, although the engine is down", async () => {
    for (const [to, answer] of [
      ["/api/webhooks/stripe", { received: true }],
      ["/webhooks/payment", { status: "received" }],
    ] as const) {
      const event = stripeEvent();
      const startedMs = performance.now();
      expect(await post(event, { to })).toMatchObject({ status: 200, body: answer });
      expect(performance.now() - startedMs).toBeLessThan(5000);
      const [row] = await inbox(event.id);
      // S4-10: the documents' {eventId, eventType, data, receivedAt}.
      expect(row).toMatchObject({ source: "stripe", type: event.type, verdict: "received" });
      expect(row.body).toBe(JSON.stringify(event));
      expect(row.received_at).toBeInstanceOf(Date);
      const [job] = await jobOf(row.id);
      // The outbox has it, and the event has ids alone.
      expect(job).toMatchObject({ function_id: "process-webhook", status: "queued", sent_at: null });
      expect(job.event_data).toEqual({
        webhookId: row.id,
        objectKey: `stripe:${event.data.object.id}`,
        priority: 3,
      });
    }
  });

  test("webhooks that arrive at once are stored once each, with one job, although some are duplicates", async () => {
    const events = Array.from({ length: 20 }, () => stripeEvent());
    const answers = await Promise.all([...events, ...events].map((event) => post(event)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    const [stored] = await rows(
      `select count(*)::integer as webhooks, count(distinct external_id)::integer as ids, count(jobs.id)::integer as jobs
       from webhook_inbox as inbox left join jobs on jobs.id = inbox.id and function_id = 'process-webhook'
       where external_id = any($1)`,
      events.map(({ id }) => id),
    );
    expect(stored).toEqual({ webhooks: 20, ids: 20, jobs: 20 });
  });

  test("S4-10: the answer does not wait for the engine, which gets the event afterwards", async () => {
    const calls: string[] = [];
    let answer = () => {};
    const outside: typeof fetch = (input) => {
      calls.push(new Request(input).url);
      return new Promise((resolve) => {
        answer = () => resolve(Response.json({ ids: ["01"], status: 200 }));
      });
    };
    const slow = await testApp(database, { env, outside });
    const event = stripeEvent();
    const body = JSON.stringify(event);
    const headers = stripeHeaders(body, "whsec_stripe_new");
    const request = new Request("http://site.local/api/webhooks/stripe", { method: "POST", body, headers });
    const following: Promise<unknown>[] = [];
    const response = await slow.app.doors.api(request, (work) => following.push(work));
    expect(response.status).toBe(200);
    const [row] = await inbox(event.id);
    expect(await jobOf(row.id)).toMatchObject([{ sent_at: null }]);
    expect(following).toHaveLength(1);
    await expect.poll(() => calls).toEqual([expect.stringContaining("http://engine.local/e/")]);
    answer();
    await Promise.all(following);
    expect(await jobOf(row.id)).toMatchObject([{ sent_at: expect.any(Date) }]);
  });

  test("S4-12: webhooks of GitHub and Resend are stored with their type and object", async () => {
    const push = JSON.stringify({ ref: "refs/heads/main", repository: { full_name: "ada/engine" } });
    const sent = githubHeaders(push, "github_secret", "push");
    expect(await post(push, { to: "/api/webhooks/github", headers: sent })).toMatchObject({ status: 200 });
    expect(await inbox(sent["x-github-delivery"])).toMatchObject([
      { type: "push", object_key: "github:ada/engine" },
    ]);

    const bounce = JSON.stringify({
      type: "email.bounced",
      created_at: "2026-11-01T10:00:00Z",
      data: { email_id: "m1" },
    });
    const headers = resendHeaders(bounce, env.RESEND_WEBHOOK_SECRET);
    expect(await post(bounce, { to: "/api/webhooks/resend", headers })).toMatchObject({ status: 200 });
    expect(await inbox(headers["svix-id"])).toMatchObject([
      { type: "email.bounced", object_key: "resend:m1" },
    ]);
  });

  test("an old secret is accepted as long as it is listed", async () => {
    expect((await post(stripeEvent(), { secret: "whsec_stripe_old" })).status).toBe(200);
    expect((await post(stripeEvent(), { secret: "whsec_stripe_older" })).status).toBe(401);
  });

  test("T24: a duplicate webhook is acknowledged and does nothing, even when several come at once", async () => {
    const event = stripeEvent();
    const before = await rows("select count(*)::int as n from jobs");
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(event)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await inbox(event.id)).toHaveLength(1);
    expect(await rows("select count(*)::int as n from jobs")).toEqual([{ n: before[0].n + 1 }]);
  });

  test("a repeat of GitHub's body under another delivery id is a duplicate, because the id is not signed", async () => {
    const body = JSON.stringify({
      action: "created",
      starred_at: randomUUID(),
      repository: { full_name: "a/b" },
    });
    const [first, second] = [1, 2].map(() => githubHeaders(body, "github_secret", "star"));
    for (const headers of [first, second]) {
      expect((await post(body, { to: "/api/webhooks/github", headers: headers ?? {} })).status).toBe(200);
    }
    expect(await rows("select external_id from webhook_inbox where body = $1", body)).toEqual([
      { external_id: first?.["x-github-delivery"] },
    ]);
  });

  test("a webhook whose type has no handler is stored as ignored, without a job", async () => {
    const event = stripeEvent("tax_rate.created");
    expect(await post(event)).toMatchObject({ status: 200, body: { received: true } });
    const [row] = await inbox(event.id);
    expect(row.verdict).toBe("ignored");
    expect(await jobOf(row.id)).toEqual([]);
  });

  test("a thin event of Stripe gets the object that it refers to", async () => {
    const event = {
      object: "v2.core.event",
      id: `evt_${randomUUID()}`,
      type: "v1.payment_intent.succeeded",
      created: "2026-11-01T10:00:00.000Z",
      related_object: { id: "pi_thin", type: "payment_intent" },
    };
    expect((await post(event)).status).toBe(200);
    expect(await inbox(event.id)).toMatchObject([
      { type: "payment_intent.succeeded", object_key: "stripe:pi_thin" },
    ]);
  });
});

describe("4xx: the problem does not say why the webhook was refused, and the refusal is counted", () => {
  const problem = {
    type: expect.stringContaining("/problems/invalid_signature"),
    detail: "The signature does not verify",
  };
  const counted = async (reason: string) =>
    (
      await rows("select coalesce(sum(count), 0)::int as n from webhook_refusals where reason = $1", reason)
    )[0].n;

  test.each<[string, () => Record<string, string>, string]>([
    ["no signature", () => ({ "stripe-signature": "t=1" }), "malformed"],
    [
      "a wrong signature",
      () => ({ "stripe-signature": `t=${Math.floor(Date.now() / 1000)},v1=${"0".repeat(64)}` }),
      "mismatch",
    ],
    [
      "a stale signature",
      () => stripeHeaders("{}", "whsec_stripe_new", new Date(Date.now() - 301_000)),
      "stale",
    ],
    [
      "a signature from the future",
      () => stripeHeaders("{}", "whsec_stripe_new", new Date(Date.now() + 310_000)),
      "stale",
    ],
  ])("401: %s", async (_, headers, reason) => {
    const before = await counted(reason);
    const answer = await post("{}", { headers: headers() });
    expect(answer).toMatchObject({ status: 401, body: problem });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(JSON.stringify(answer.body)).not.toMatch(/stale|mismatch|malformed/);
    expect(await counted(reason)).toBe(before + 1);
  });

  test("401: neither an API key nor the secret of another provider is accepted", async () => {
    const body = "{}";
    const authorization = `Bearer ${site.keys.admin}`;
    const headers = { "content-type": "application/json", authorization };
    expect((await site.call("POST", "/api/webhooks/stripe", { body, headers })).status).toBe(401);
    const sent = githubHeaders(body, "whsec_stripe_new", "push");
    expect((await post(body, { to: "/api/webhooks/github", headers: sent })).status).toBe(401);
  });

  test("404: a source that is not configured in code", async () => {
    expect((await post(stripeEvent(), { to: "/api/webhooks/paddle" })).status).toBe(404);
  });

  test("413: a body over 5 MB; 415: a type other than JSON; 400: a signed body that is no webhook", async () => {
    expect((await post(`"${"x".repeat(5 * 1024 * 1024)}"`)).status).toBe(413);
    expect((await post("{}", { headers: { "content-type": "text/plain" } })).status).toBe(415);
    expect((await post("{")).status).toBe(400);
    const incomplete = await post('{"id": "evt_1", "type": "charge.refunded", "created": 1}');
    expect([incomplete.status, incomplete.body.detail]).toEqual([400, expect.stringContaining('"data')]);
  });
});

test.each([
  ["NUL", '{"id": "evt_nul", "note": "\\u0000"}'],
  ["half a surrogate pair", '{"id": "evt_half", "note": "\\ud83d"}'],
  ["a number beyond 2^53", '{"id": "evt_large", "note": 1e30}'],
  ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
  ["every byte", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ["a backslash before digits, and no JSON", "{\\101\\\\303"],
])("400: a signed body with %s is kept once, byte for byte, for an operator", async (_, body) => {
  const bytes = Buffer.from(body);
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", "whsec_stripe_new")
    .update(`${seconds}.`)
    .update(bytes)
    .digest("hex");
  const headers = { "content-type": "application/json", "stripe-signature": `t=${seconds},v1=${signature}` };
  for (const _repetition of [1, 2]) {
    const answer = await site.call("POST", "/api/webhooks/stripe", { body: new Uint8Array(bytes), headers });
    expect(answer.status).toBe(400);
  }
  const stored = await rows(
    "select source, headers from webhook_inbox where verdict = 'unreadable' and decode(body, 'escape') = $1",
    bytes,
  );
  expect(stored).toEqual([
    { source: "stripe", headers: { "stripe-signature": headers["stripe-signature"] } },
  ]);
});

describe("5xx: the provider is asked to try again", () => {
  test("503: while the database is down; afterwards the same webhook is accepted", async () => {
    let isDown = false;
    const shaky = await testApp(database, {
      env,
      database: (input, init) =>
        isDown ? Promise.reject(new TypeError("fetch failed")) : database.fetch(input, init),
    });
    const event = stripeEvent();
    isDown = true;
    expect((await post(event, { by: shaky })).status).toBe(503);
    isDown = false;
    expect((await post(event, { by: shaky })).status).toBe(200);
    expect(await inbox(event.id)).toHaveLength(1);
  });

  test("503: the source's secret is not set", async () => {
    const bare = await testApp(database, { env: { GITHUB_WEBHOOK_SECRET: "github_secret" } });
    expect(await post(stripeEvent(), { by: bare })).toMatchObject({
      status: 503,
      body: { code: "not_configured" },
    });
  });
});

test("only the webhooks door matches each webhook address", () => {
  const doors = findFunctions(resolve(import.meta.dirname, "../../netlify/functions"));
  for (const path of [
    "/api/webhooks/stripe",
    "/api/webhooks/github",
    "/api/webhooks/resend",
    "/webhooks/payment",
  ]) {
    const open = doors.filter(({ match }) => match("POST", new URL(path, "http://site.local")) !== undefined);
    expect(open.map(({ name }) => name)).toEqual(["webhooks"]);
  }
});

test("housekeeping deletes webhooks after 90 days", async () => {
  const [old, young] = [stripeEvent(), stripeEvent()];
  await post(old);
  await post(young);
  await database.sql.query(
    "update webhook_inbox set received_at = now() - interval '91 days' where external_id = $1",
    [old.id],
  );
  await site.app.keepHouse();
  expect(await inbox(old.id)).toEqual([]);
  expect(await inbox(young.id)).toHaveLength(1);
});
