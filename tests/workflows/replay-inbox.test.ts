/** Replays of the inbox: chosen webhooks take effect once more for each replay, however often its process dies. */
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { webhookFunctions } from "#webhooks/functions.ts";
import { paymentShop } from "../support/payment-shop.ts";
import { githubHeaders } from "../support/sign.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const GITHUB = "github_secret";
const ALL_TIME = { from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z" };

describe("webhooks of GitHub, whose counters show each effect", () => {
  let shop: Workshop;
  let afterDatabase: ((path: string) => void | Promise<void>) | undefined;
  beforeEach(async () => {
    afterDatabase = undefined;
    shop = await workshop({
      env: { GITHUB_WEBHOOK_SECRET: GITHUB, PLAN: "pro" },
      functions: webhookFunctions,
      afterDatabase: (path) => afterDatabase?.(path),
    });
  });
  afterEach(() => shop.close());

  async function receive(type: string, payload: object = { repository: { full_name: "ada/engine" } }) {
    const body = JSON.stringify({ action: "created", nonce: randomUUID(), ...payload });
    const headers = githubHeaders(body, GITHUB, type);
    const url = "http://site.local/api/webhooks/github";
    const { status } = await shop.app.doors.api(new Request(url, { method: "POST", body, headers }));
    expect(status).toBe(200);
  }
  /**
   * Housekeeping sends the jobs whose events an outage or a kill has prevented. It fires schedules too, whose functions
   * are not here.
   */
  async function ended(): Promise<void> {
    const open =
      "select from jobs where ended_at is null and function_id in ('process-webhook', 'replay-inbox')";
    for (let minute = 0; minute < 120; minute++) {
      await shop.engine.advance("1m");
      await shop.app.keepHouse();
      await shop.engine.idle();
      if ((await shop.rows(open)).length === 0) return;
    }
    throw new Error("The jobs do not end");
  }
  const stars = async () =>
    (await shop.rows("select coalesce(sum(added_star_count), 0)::int as n from github_metrics"))[0].n;
  const preview = async (more: Record<string, string> = {}) => {
    const query = new URLSearchParams({ source: "github", ...ALL_TIME, ...more });
    return (await shop.call("GET", `/api/webhook-inbox/replay-preview?${query}`)).body.count;
  };
  const ask = (body: object) =>
    shop.call("POST", "/api/webhook-inbox/replays", { source: "github", perSecond: 100, ...body });
  const replay = (more: object = {}) => ask({ ...ALL_TIME, ...more });

  test("S4-12: the preview counts by source, type, time and status; each replay takes effect once", async () => {
    for (let n = 0; n < 3; n++) await receive("star");
    await receive("push");
    await receive("fork");
    await ended();
    await shop.engine.advance("1h");
    const later = shop.engine.clock.now().toISOString();
    await receive("star", {});
    await ended();
    expect(await preview()).toBe(5);
    expect(await preview({ type: "star" })).toBe(4);
    expect(await preview({ source: "stripe" })).toBe(0);
    expect(await preview({ to: later })).toBe(4);
    expect(await preview({ from: later })).toBe(1);
    expect(await preview({ status: "applied" })).toBe(4);
    // The job of the last one has failed: it lacks its repository.
    expect(await preview({ status: "failed" })).toBe(1);

    for (const round of [2, 3]) {
      const { status, body } = await replay({ type: "star", status: "applied" });
      expect(status).toBe(202);
      await ended();
      expect(await stars()).toBe(3 * round);
      expect((await shop.call("GET", `/api/jobs/${body.jobId}`)).body).toMatchObject({
        status: "completed",
        result: { queued: 3, total: 3 },
      });
    }
    expect(await shop.rows("select sum(push_count)::int as n from github_metrics")).toEqual([{ n: 1 }]);
  });

  test("webhooks that wait for their job are not chosen", async () => {
    shop.down.engine = true;
    await receive("star");
    expect(await preview()).toBe(0);
    shop.down.engine = false;
    await ended();
    expect(await preview()).toBe(1);
  });

  test("ids choose webhooks, of which those of another source or status are left out", async () => {
    for (let n = 0; n < 3; n++) await receive("star");
    await receive("star", {});
    await receive("push");
    await ended();
    const monthAgo = new Date(shop.engine.clock.now().getTime() - 30 * 24 * 60 * 60_000);
    await shop.rows("update webhook_inbox set received_at = $1", [monthAgo]);
    const stored = await shop.rows("select id, type, verdict from webhook_inbox order by sequence");
    const [first, second, , failed, push] = stored.map(({ id }) => id);
    const queuedBy = async (body: object) => {
      const { status, body: receipt } = await ask(body);
      expect(status).toBe(202);
      await ended();
      return (await shop.call("GET", `/api/jobs/${receipt.jobId}`)).body.result.queued ?? 0;
    };
    expect(await queuedBy({ ids: [first] })).toBe(1);
    expect(await stars()).toBe(4);
    expect(
      await queuedBy({ ids: [first, second, failed, push, randomUUID()], type: "star", status: "applied" }),
    ).toBe(2);
    expect(await stars()).toBe(6);
    expect(await queuedBy({ ids: [first, first] })).toBe(1);
    expect(await stars()).toBe(7);
    await shop.rows("update webhook_inbox set type = 'payment_intent.succeeded' where type = 'star'");
    expect(await queuedBy({ ids: [first], source: "stripe" })).toBe(0);
  });

  test.each([1, 100])(
    "a replay takes the webhooks that match its filter only after they were counted, at %i a second",
    async (perSecond) => {
      for (let n = 0; n < 3; n++) await receive("star");
      await ended();
      const mark = (verdict: string) =>
        shop.rows(
          "update webhook_inbox set verdict = $1 where sequence = (select min(sequence) + 1 from webhook_inbox)",
          [verdict],
        );
      await mark("unchanged");
      afterDatabase = async (path) => {
        if (path.endsWith("/cut_inbox_replay")) await mark("applied");
      };
      const { body } = await replay({ perSecond, status: "applied" });
      await ended();
      expect(await stars()).toBe(6);
      expect((await shop.call("GET", `/api/jobs/${body.jobId}`)).body).toMatchObject({
        status: "completed",
        progress: { done: 3, total: 3 },
        result: { queued: 3, total: 3 },
      });
    },
  );

  test("400: ids with a period, neither of them, and more than 100 ids", async () => {
    const ids = [randomUUID()];
    for (const body of [{ ids, ...ALL_TIME }, { ids, from: ALL_TIME.from }, { from: ALL_TIME.from }, {}]) {
      const { status, body: problem } = await ask(body);
      expect([status, problem.detail]).toEqual([
        400,
        expect.stringContaining("either by ids, or by from and to"),
      ]);
    }
    const many = Array.from({ length: 101 }, () => randomUUID());
    expect((await ask({ ids: many })).status).toBe(400);
    expect((await ask({ ids: [] })).status).toBe(400);
  });

  test("400: a type without a handler, and a period that ends before it begins", async () => {
    expect((await replay({ type: "fork" })).body.hint).toContain("push, issues, release, star");
    expect((await replay({ from: ALL_TIME.to, to: ALL_TIME.from })).status).toBe(400);
  });

  test("each of 60 webhooks takes effect once per replay, although its processes die 12 times", async () => {
    for (let n = 0; n < 60; n++) await receive("star");
    await ended();
    expect(await stars()).toBe(60);
    const killed = new Map<string, number>();
    // The process dies after the statement has had its effect: its answer is lost.
    afterDatabase = (path) => {
      const times = killed.get(path) ?? 0;
      const isOurs = /(queue_inbox_replay|cut_inbox_replay|count_github_webhook|claim_part)$/.test(path);
      if (!isOurs || times === 3) return;
      killed.set(path, times + 1);
      throw new TypeError("fetch failed: the process died");
    };
    await replay({ perSecond: 25 });
    await ended();
    expect([...killed.values()]).toEqual([3, 3, 3, 3]);
    expect(await stars()).toBe(120);
    expect(await shop.rows("select distinct verdict from webhook_inbox")).toEqual([{ verdict: "applied" }]);
  }, 120_000);
});

test("an object that was read for later webhooks is read once more, so that a lost row comes back", async () => {
  const shop = await paymentShop();
  const subscription = {
    id: "sub_1",
    object: "subscription",
    status: "active",
    customer: "cus_1",
    items: { data: [] },
  };
  await shop.deliver(shop.stripe.emit("customer.subscription.created", subscription));
  await shop.deliver(
    shop.stripe.emit("customer.subscription.updated", { ...subscription, status: "past_due" }),
  );
  await shop.settled();
  await shop.rows("delete from subscriptions");
  const admin = { authorization: `Bearer ${await shop.keyOf("operator", "admin")}` };
  const { status } = await shop.post("/api/webhook-inbox/replays", { source: "stripe", ...ALL_TIME }, admin);
  expect(status).toBe(202);
  await shop.settled();
  expect(await shop.rows("select id, status from subscriptions")).toEqual([
    { id: "sub_1", status: "past_due" },
  ]);
  await shop.close();
}, 60_000);
