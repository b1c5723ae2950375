import { createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compose } from "#mail/compose.ts";
import { webhookDisabled } from "#mail/templates/webhook-disabled.ts";
import { type HookShop, hookShop } from "../../support/hook-shop.ts";
import { verified } from "../../support/verified-webhook.ts";

const MINUTE = 60_000;
let shop: HookShop;
beforeEach(async () => {
  shop = await hookShop();
});
afterEach(() => shop.close());

test("S2-18: a fact is posted as {event, data, timestamp}, with the signatures of Standard Webhooks and of the documents", async () => {
  const { secret, id } = await shop.endpoint();
  await shop.publish("r1", "report.ready", { reportId: "r1" });
  await shop.settled();
  const [request, ...more] = shop.received;
  expect(more).toEqual([]);
  const now = shop.engine.clock.now().toISOString();
  const body = { event: "report.ready", data: { reportId: "r1" }, timestamp: now };
  expect(JSON.parse(request?.body ?? "")).toEqual(body);

  // The package refuses timestamps that are far from its own clock, so the clock is set for it.
  const headers = request?.headers ?? {};
  expect(verified(secret, request?.body ?? "", headers)).toEqual(body);
  expect(() => verified(secret, `${request?.body} `, headers)).toThrow("signature");
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  expect(headers["x-webhook-signature"]).toBe(
    `sha256=${createHmac("sha256", key)
      .update(request?.body ?? "")
      .digest("hex")}`,
  );
  expect(await shop.rows("select status, attempt_count from webhook_deliveries")).toEqual([
    { status: "delivered", attempt_count: 1 },
  ]);
  const { body: view } = await shop.call("GET", `/api/webhook-endpoints/${id}`);
  expect(view).toMatchObject({ health: "healthy", successRate: 1, attempts: 1, pending: 0 });
  expect(JSON.stringify(view)).not.toContain("whsec_");
});

test("a fact that is published twice is sent once, and a fact that no endpoint selected is not stored", async () => {
  await shop.endpoint("reports", { eventTypes: ["report.ready"] });
  await shop.publish("r1");
  await shop.settled();
  await shop.publish("r1");
  await shop.publish("j1", "job.failed");
  await shop.settled();
  expect(shop.received.map(({ path }) => path)).toEqual(["/reports"]);
  expect(await shop.rows("select type from webhook_messages")).toEqual([{ type: "report.ready" }]);
});

test("a fact of a transaction that is rolled back is not sent", async () => {
  await shop.endpoint();
  await shop.rows(
    "do $$ begin perform private.publish_fact('report.ready', 'operator', 'r1', '{}', now()); raise exception 'no'; exception when others then null; end $$",
  );
  expect(await shop.rows("select from webhook_messages")).toEqual([]);
  expect(await shop.rows("select from jobs")).toEqual([]);
});

test("S2-18: any answer other than 2xx, and no answer, is retried with the same id and body", async () => {
  const { id } = await shop.endpoint("hook", { policy: "short" });
  const answers = [302, 404, 500, "none", 429, 200] as const;
  shop.receiver.answer = () => {
    const answer = answers[shop.received.length - 1];
    if (answer === "none") throw Object.assign(new Error("x"), { code: "provider_timeout" });
    return { status: answer ?? 200, body: "no" };
  };
  await shop.publish("r1");
  await shop.settled();
  expect(shop.received).toHaveLength(6);
  expect(new Set(shop.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(shop.received.map(({ body }) => body)).size).toBe(1);
  expect(
    await shop.rows(
      "select number, answer_status as status, error_code as error from webhook_attempts order by number",
    ),
  ).toEqual([
    { number: 1, status: 302, error: "not_2xx" },
    { number: 2, status: 404, error: "not_2xx" },
    { number: 3, status: 500, error: "not_2xx" },
    { number: 4, status: null, error: "provider_timeout" },
    { number: 5, status: 429, error: "not_2xx" },
    { number: 6, status: 200, error: null },
  ]);
  expect((await shop.call("GET", `/api/webhook-endpoints/${id}`)).body.health).toBe("healthy");
});

test("S2-18: max_retries=5 of the documents: the sixth failure ends the delivery", async () => {
  await shop.endpoint("hook", { policy: "short" });
  shop.receiver.answer = () => ({ status: 500 });
  await shop.publish("r1");
  await shop.settled();
  expect(shop.received).toHaveLength(6);
  const gaps = shop.received.slice(1).map(({ at }, n) => at - (shop.received[n]?.at ?? 0));
  // The fifth failure opens the breaker for 30 seconds, which is shorter than the delay.
  for (const [n, seconds] of [10, 20, 40, 80, 160].entries()) {
    expect(gaps[n]).toBeGreaterThanOrEqual(seconds * 800);
    expect(gaps[n]).toBeLessThanOrEqual(seconds * 1200 + 1000);
  }
  expect(await shop.rows("select status from webhook_deliveries")).toEqual([{ status: "failed" }]);
});

test("a 410 disables the endpoint at once, and notifies and mails its owner", async () => {
  await shop.rows("select set_notification_email('operator', 'op@example.com', now())");
  const { id } = await shop.endpoint();
  shop.receiver.answer = () => ({ status: 410 });
  await shop.publish("r1");
  await shop.engine.idle();
  await shop.publish("r2");
  await shop.engine.advance("1h");
  expect(shop.received).toHaveLength(1);
  const { body } = await shop.call("GET", `/api/webhook-endpoints/${id}`);
  expect(body).toMatchObject({ status: "disabled", disabledReason: "gone" });
  expect(await shop.rows("select owner, type, data ->> 'reason' as reason from notifications")).toEqual([
    { owner: "operator", type: "WEBHOOK_DISABLED", reason: "gone" },
  ]);
  const [mail] = await shop.rows("select template, recipient, fields from mails");
  expect(mail).toMatchObject({ template: "webhook-disabled", recipient: "op@example.com" });
  const { text } = compose(webhookDisabled, mail.fields);
  expect(text).toContain("https://receiver.test/hook was disabled, because it answered 410 (gone).");
});

test("Retry-After delays all deliveries of the endpoint, by at most an hour", async () => {
  await shop.endpoint();
  const [wanted, tooLong] = [20 * MINUTE, 60 * MINUTE];
  shop.receiver.answer = () => {
    const seconds = { 1: String(wanted / 1000), 2: "86400" }[shop.received.length];
    return seconds === undefined ? {} : { status: 503, headers: { "retry-after": seconds } };
  };
  await shop.publish("r1");
  await shop.engine.advance("1m");
  await shop.publish("r2");
  await days(shop, 1);
  // The first delivery fails twice. The second one waits with it, and arrives in the same batch as its second attempt.
  const [first = 0, second = 0, beside = 0, third = 0] = shop.received.map(({ at }) => at);
  expect(shop.received).toHaveLength(4);
  expect(beside).toBe(second);
  expect(second - first).toBeGreaterThanOrEqual(wanted);
  expect(second - first).toBeLessThanOrEqual(wanted + 2000);
  expect(third - second).toBeGreaterThanOrEqual(tooLong);
  expect(third - second).toBeLessThanOrEqual(tooLong + 2000);
});

/** Lets time pass, with housekeeping whenever an attempt is due: it sends the jobs that were delayed for long. */
async function days(house: HookShop, count: number) {
  const end = house.engine.clock.now().getTime() + count * 24 * 60 * MINUTE;
  for (;;) {
    const [next] = await house.rows(
      "select extract(epoch from min(lane_due_at))::float8 * 1000 as at from webhook_endpoints where status = 'enabled'",
    );
    const now = house.engine.clock.now().getTime();
    if (next?.at === null || next?.at > end) return house.engine.advance(`${Math.max(0, end - now)}ms`);
    const left = next.at - now;
    if (left > 5 * MINUTE) await house.engine.advance(`${Math.floor(left - 5 * MINUTE)}ms`);
    await house.app.keepHouse();
    await house.engine.advance("6m");
  }
}

test("a delivery is tried ten times in 75 hours, each within 20 % of its delay, and then fails", async () => {
  await shop.endpoint();
  shop.receiver.answer = () => ({ status: 500 });
  await shop.publish("r1");
  await days(shop, 4);
  const times = shop.received.map(({ at }) => at);
  const minutes = [5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440];
  expect(times).toHaveLength(minutes.length + 1);
  for (const [n, delay] of minutes.entries()) {
    const gap = ((times[n + 1] ?? 0) - (times[n] ?? 0)) / MINUTE;
    expect(gap).toBeGreaterThanOrEqual(delay * 0.8);
    expect(gap).toBeLessThanOrEqual(delay * 1.2 + 2 / 60);
  }
  expect(await shop.rows("select status, attempt_count from webhook_deliveries")).toEqual([
    { status: "failed", attempt_count: 10 },
  ]);
});

test("an endpoint without a success for five days is disabled, and its owner is notified and mailed once", async () => {
  await shop.rows("select set_notification_email('operator', 'op@example.com', now())");
  const { id } = await shop.endpoint();
  shop.receiver.answer = () => ({ status: shop.received.length === 3 ? 200 : 500 });
  for (let day = 0; day < 7; day++) {
    await shop.publish(`r${day}`);
    await days(shop, 1);
    const { body } = await shop.call("GET", `/api/webhook-endpoints/${id}`);
    // The only success comes within the first day, so five days have passed on the seventh.
    expect([day, body.status]).toEqual([day, day < 6 ? "enabled" : "disabled"]);
  }
  expect((await shop.call("GET", `/api/webhook-endpoints/${id}`)).body.disabledReason).toBe("failing");
  expect(await shop.rows("select owner, type, data ->> 'reason' as reason from notifications")).toEqual([
    { owner: "operator", type: "WEBHOOK_DISABLED", reason: "failing" },
  ]);
  const mails = await shop.rows("select template, recipient, fields from mails");
  expect(mails).toMatchObject([{ template: "webhook-disabled", recipient: "op@example.com" }]);
  expect(compose(webhookDisabled, mails[0].fields).text).toMatch(
    /https:\/\/receiver\.test\/hook was disabled, because .*five days/,
  );
  await shop.app.keepHouse();
  const before = shop.received.length;
  shop.receiver.answer = () => ({});
  const { body } = await shop.call("POST", `/api/webhook-endpoints/${id}/enable`);
  expect(body).toMatchObject({ status: "enabled", health: "healthy", failedAttempts: 0 });
  await shop.publish("after");
  await shop.settled();
  expect(shop.received).toHaveLength(before + 1);
});

test("an open breaker uses no attempts: one delivery tests the endpoint while the others wait", async () => {
  await shop.endpoint("hook", { perSecond: 1000 });
  shop.receiver.answer = () => ({ status: 500 });
  for (let n = 0; n < 50; n++) {
    await shop.rows("select private.publish_fact('report.ready', 'operator', $1, '{}', $2)", [
      `r${n}`,
      shop.engine.clock.now(),
    ]);
  }
  await shop.flush();
  await days(shop, 1);
  const [{ tried, most }] = await shop.rows(
    "select count(*) filter (where attempt_count > 0)::int as tried, max(attempt_count) as most from webhook_deliveries",
  );
  // Without a breaker each of the 50 would have been attempted seven times in a day.
  expect(shop.received.length).toBeLessThan(70);
  expect(shop.received.length).toBeGreaterThan(40);
  expect({ tried, most }).toMatchObject({ most: expect.any(Number) });
  const [{ failed }] = await shop.rows(
    "select count(*)::int as failed from webhook_deliveries where status = 'failed'",
  );
  expect(failed).toBe(0);
  shop.receiver.answer = () => ({});
  await days(shop, 2);
  expect(await shop.rows("select distinct status from webhook_deliveries")).toEqual([
    { status: "delivered" },
  ]);
});

test("an endpoint that never answers holds up only itself", async () => {
  await shop.endpoint("hangs", { perSecond: 1000 });
  await shop.endpoint("answers", { perSecond: 1000 });
  let letGo = () => {};
  const hanging = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  shop.receiver.answer = async ({ path }) => {
    if (path === "/hangs") await hanging;
    return {};
  };
  const at = (path: string) => shop.received.filter((request) => request.path === path).length;
  await shop.publish("r0");
  await expect.poll(() => at("/hangs"), { timeout: 20_000 }).toBe(1);
  for (let n = 1; n < 30; n++) await shop.publish(`r${n}`);
  await expect.poll(() => at("/answers"), { timeout: 20_000 }).toBe(30);
  // All that the other one has is its first batch.
  expect(at("/hangs")).toBeLessThanOrEqual(10);
  letGo();
  await shop.settled();
  expect(at("/hangs")).toBe(30);
});

test("a batch that is settled again, or by a run that lost its claim, is recorded once", async () => {
  const { id } = await shop.endpoint();
  await shop.publish("r1");
  await shop.settled();
  const [delivery] = await shop.rows("select id from webhook_deliveries");
  const attempt = { deliveryId: delivery.id, status: "pending", at: shop.engine.clock.now(), durationMs: 1 };
  const attempts = [{ ...attempt, url: "x", requestHeaders: {}, nextAt: shop.engine.clock.now() }];
  const settle = (claimant: string) =>
    shop.rows("select settle_webhook_deliveries($1, $2, $3, 5, $4) as reason", [
      id,
      claimant,
      JSON.stringify(attempts),
      shop.engine.clock.now(),
    ]);
  expect(await settle("another run")).toEqual([{ reason: null }]);
  expect(await shop.rows("select status, attempt_count from webhook_deliveries")).toEqual([
    { status: "delivered", attempt_count: 1 },
  ]);
});
