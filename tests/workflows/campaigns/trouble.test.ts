import { afterEach, describe, expect, test } from "vitest";
import {
  type CampaignHouse,
  campaignHouse,
  campaignTalk,
  ONE_BATCH_AT_A_TIME,
} from "../../support/campaign-house.ts";

let house: CampaignHouse;
afterEach(() => house.close());

const SMALL = { CAMPAIGN_PART_SIZE: "40", CAMPAIGN_BATCH_SIZE: "10" };

const { campaign, letters, send, completed } = campaignTalk(() => house);
const stats = () => house.control("stats");
/** The most retries that a step of a part needed. */
const mostTries = () =>
  Math.max(
    ...house.engine
      .runs("send-campaign-part")
      .flatMap(({ id }) => house.engine.history(id))
      .map(({ what, attempt }) => (what.endsWith("errored") || what.endsWith("failed") ? 1 : (attempt ?? 0))),
  );

test("an invalid address fails alone, and its row has the error code", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("reject", { addresses: ["p7@example.com", "p31@example.com"] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 38, failed: 2 } });
  const failed = await house.call("GET", `/api/campaigns/${campaignId}/sends?status=failed`);
  expect(failed.body.items.map(({ email, errorCode }: Record<string, string>) => [email, errorCode])).toEqual(
    [
      ["p31@example.com", "invalid_recipient"],
      ["p7@example.com", "invalid_recipient"],
    ],
  );
});

test("a batch that is refused because of one address is split in halves until only that address fails", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", { rules: [{ status: 422, match: "p7@example\\.com" }] });
  const { campaignId } = await house.draft(20);
  await send(campaignId);
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 19, failed: 1 } });
  expect(await stats()).toMatchObject({ accepted: 19, duplicates: 0 });
});

test("429: job and campaign show when they go on, no request is sent before that, and no retry is used up", async () => {
  house = await campaignHouse({ env: { ...SMALL, CAMPAIGN_PART_SIZE: "10" } });
  await house.control("faults", { rules: [{ status: 429, retryAfter: 60, count: 1 }] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await house.engine.idle();
  const before = await stats();
  const { jobId, waitingUntil } = await campaign(campaignId);
  // A worker that waits for its turn moves the clock meanwhile, by less than a second.
  const waitMs = Date.parse(waitingUntil) - house.engine.clock.now().getTime();
  expect(waitMs).toBeGreaterThan(59_000);
  expect(waitMs).toBeLessThanOrEqual(60_000);
  expect((await house.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({ waitingUntil });
  await house.engine.advance("50s");
  expect((await stats()).requests).toBe(before.requests);
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ waitingUntil: null });
  expect(await stats()).toMatchObject({ accepted: 40, duplicates: 0 });
  expect((await stats()).byStatus).toMatchObject({ 429: 1 });
  expect(mostTries()).toBe(0);
});

test("a 409 for an earlier request that is still being processed makes the part wait, and no retry is used up", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", { rules: [{ status: 409, count: 3 }] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await completed(campaignId);
  expect(await stats()).toMatchObject({ accepted: 40, duplicates: 0 });
  expect((await stats()).byStatus).toMatchObject({ 409: 3 });
  expect(mostTries()).toBe(0);
});

test("after a 5xx or a lost answer the batch is sent again with the same key, and every recipient gets one mail", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", {
    rules: [
      { status: 503, count: 2 },
      { dropAnswer: true, count: 2 },
    ],
  });
  const { campaignId } = await house.draft(80);
  await send(campaignId);
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 80, unknown: 0 } });
  expect(await stats()).toMatchObject({ accepted: 80, duplicates: 0 });
});

test("a database outage of an hour while mails are in flight needs no operator, and every recipient gets one mail", async () => {
  let isOnItsWayOut = false;
  const beforeMail = () => void (house.down.database ||= isOnItsWayOut);
  house = await campaignHouse({ env: SMALL, beforeMail });
  await house.control("faults", { rules: [{ status: 429, retryAfter: 60, count: 1 }] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await house.engine.idle();
  isOnItsWayOut = true;
  await house.engine.advance("1h");
  expect((await stats()).accepted).toBeGreaterThan(0);
  expect(mostTries()).toBeGreaterThan(5);
  isOnItsWayOut = house.down.database = false;
  await completed(campaignId);
  expect(await stats()).toMatchObject({ accepted: 40, duplicates: 0 });
  expect(await letters()).toEqual([]);
});

test("S4-38: a persistent provider error is retried after about 10, 20, 40, 80 and 160 s, then becomes a dead letter with 6 attempts", async () => {
  const asked: number[] = [];
  house = await campaignHouse({
    env: SMALL,
    beforeMail: ({ url }) => {
      if (url.endsWith("/emails/batch")) asked.push(house.engine.clock.now().getTime() / 1000);
    },
  });
  await house.control("faults", { rules: [{ status: 500 }] });
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await house.engine.idle();
  const pauseMs = Date.parse((await campaign(campaignId)).waitingUntil) - house.engine.clock.now().getTime();
  expect(pauseMs).toBeGreaterThan(8_000);
  expect(pauseMs).toBeLessThan(12_000);
  await house.engine.waitFor(async () => (await letters()).length === 1);
  const waits = asked.slice(1).map((at, n) => at - (asked[n] ?? 0));
  expect(waits).toHaveLength(5);
  for (const [n, wait] of waits.entries()) {
    // ±12.5 %, and the engine counts whole seconds.
    expect(wait).toBeGreaterThanOrEqual(10 * 2 ** n * 0.875);
    expect(wait).toBeLessThanOrEqual(10 * 2 ** n * 1.125 + 1);
  }
  expect(await letters()).toMatchObject([{ attempts: 6, error: { code: "provider_unavailable" } }]);
});

test("without idempotency keys a batch with a lost answer is not sent again: it is unknown, and a person can resolve it", async () => {
  house = await campaignHouse({ env: { ...SMALL, MAIL_IDEMPOTENT: "false" }, mail: { idempotency: false } });
  await house.control("faults", { rules: [{ dropAnswer: true, count: 1 }] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 30, unknown: 10 } });
  expect(await stats()).toMatchObject({ accepted: 40, duplicates: 0 });

  const unknown = await house.call("GET", `/api/campaigns/${campaignId}/sends?status=unknown&limit=4`);
  expect(unknown.body.items).toHaveLength(4);
  const next = `/api/campaigns/${campaignId}/sends?status=unknown&limit=6&cursor=${unknown.body.nextCursor}`;
  const rest = await house.call("GET", next);
  expect(rest.body).toMatchObject({ items: { length: 6 }, nextCursor: null });
  const seen = [...unknown.body.items, ...rest.body.items].map(({ id }: { id: string }) => id);
  expect(new Set(seen).size).toBe(10);
  const one = `/api/campaigns/${campaignId}/sends/${unknown.body.items[0].id}/resolve`;
  const resolved = await house.call("POST", one, { status: "sent", note: "seen in the provider's log" });
  expect(resolved).toMatchObject({ status: 200, body: { counts: { sent: 31, unknown: 9 } } });
  expect(await house.call("POST", one, { status: "failed" })).toMatchObject({
    status: 409,
    body: { code: "conflict" },
  });
});

test("without idempotency keys no more batches are marked as sending than are in flight", async () => {
  const sending: number[] = [];
  house = await campaignHouse({
    env: { ...SMALL, MAIL_IDEMPOTENT: "false", MAIL_MAX_IN_FLIGHT: "2" },
    mail: { idempotency: false, latencyMs: 5 },
    beforeMail: async () => {
      const { rows } = await house.db.sql.query(
        "select count(*)::int as n from campaign_batches where status = 'sending'",
      );
      sending.push(rows[0].n);
    },
  });
  const { campaignId } = await house.draft(200);
  await send(campaignId);
  await completed(campaignId);
  expect(sending).toHaveLength(20);
  expect(Math.max(...sending)).toBeLessThanOrEqual(2);
});

test("a refused API key ends the part as a dead letter at once, and a reprocess with the right key completes the campaign", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("keys", { accept: ["another"] });
  const { campaignId } = await house.draft(80);
  const { jobId } = await send(campaignId);
  await house.engine.waitFor(async () => {
    const letters = await house.call("GET", "/api/dead-letters?status=failed", undefined, { as: "admin" });
    return letters.body.items?.length === 2;
  });
  expect(await campaign(campaignId)).toMatchObject({ status: "blocked", counts: { sent: 0 } });

  await house.control("keys", { accept: null });
  const letters = await house.call("GET", "/api/dead-letters?status=failed", undefined, { as: "admin" });
  for (const { id } of letters.body.items) {
    expect(
      (await house.call("POST", `/api/dead-letters/${id}/reprocess`, undefined, { as: "admin" })).status,
    ).toBeLessThan(300);
  }
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 80 } });
  expect(await stats()).toMatchObject({ accepted: 80, duplicates: 0 });
  expect((await house.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
    status: "completed",
    progress: { done: 80 },
  });
});

test("a batch that stays in doubt longer than its key is valid becomes unknown, and is not sent again", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", { rules: [{ dropAnswer: true, count: 1 }, { status: 500 }] });
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await house.engine.waitFor(async () => {
    const letters = await house.call("GET", "/api/dead-letters?status=failed", undefined, { as: "admin" });
    return letters.body.items?.length === 1;
  });
  await house.engine.advance("24h");
  await house.control("faults", { rules: [] });
  const letters = await house.call("GET", "/api/dead-letters?status=failed", undefined, { as: "admin" });
  await house.call("POST", `/api/dead-letters/${letters.body.items[0].id}/reprocess`, undefined, {
    as: "admin",
  });
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 0, unknown: 10 } });
  expect(await stats()).toMatchObject({ duplicates: 0 });
});

test("an address that unsubscribes after planning is skipped, unless its batch was already taken", async () => {
  let left = false;
  house = await campaignHouse({
    env: { ...SMALL, ...ONE_BATCH_AT_A_TIME, PLAN: "free" },
    beforeMail: async (request) => {
      if (left) return;
      left = true;
      const [mail] = await request.clone().json();
      await house.db.sql.query(
        "update email_subscribers set status = 'unsubscribed' where email = $1 or id = (select max(id) from email_subscribers)",
        [mail.to],
      );
    },
  });
  const { campaignId } = await house.draft(400);
  await send(campaignId);
  await completed(campaignId);
  const { counts } = await campaign(campaignId);
  expect(counts.sent + counts.skipped).toBe(400);
  const skipped = await house.call("GET", `/api/campaigns/${campaignId}/sends?status=skipped`);
  const { rows } = await house.db.sql.query("select max(id)::int as id from email_subscribers");
  expect(skipped.body.items).toMatchObject(rows);
});

test("a canceled campaign sends the batch that is in flight, and no further batches", async () => {
  let jobId = "";
  let isCanceled = false;
  let requestsAfterCancel = 0;
  house = await campaignHouse({
    env: { ...SMALL, ...ONE_BATCH_AT_A_TIME, PLAN: "free" },
    beforeMail: async () => {
      if (isCanceled) requestsAfterCancel += 1;
      if (jobId === "" || isCanceled) return;
      await house.call("DELETE", `/api/jobs/${jobId}`);
      isCanceled = true;
    },
  });
  const { campaignId } = await house.draft(400);
  ({ jobId } = await send(campaignId));
  await house.engine.waitFor(async () => (await campaign(campaignId)).status === "canceled");
  await house.engine.idle();
  expect(requestsAfterCancel).toBe(0);
  const { counts } = await campaign(campaignId);
  expect(counts).toMatchObject({ sending: 0, unknown: 0 });
  expect(counts.sent).toBeGreaterThanOrEqual(10);
  expect((await stats()).accepted).toBe(counts.sent);
});

test("outside production no real mail is sent: the campaign is a draft again, with the reason", async () => {
  house = await campaignHouse({
    env: { RESEND_BASE_URL: "https://api.resend.com", NIGHTSHIFT_ENV: "development" },
  });
  const { campaignId } = await house.draft(10);
  const { jobId } = await send(campaignId);
  await house.engine.idle();
  expect((await house.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({ status: "skipped" });
  expect(await campaign(campaignId)).toMatchObject({
    status: "draft",
    note: expect.stringContaining("only production"),
  });
  expect(await stats()).toMatchObject({ requests: 0 });
});

test("a campaign part that runs outside production becomes a dead letter, and sends nothing", async () => {
  const part = { id: 1, token: crypto.randomUUID(), part: 1, first: 1, last: 10, next: 1, bounds: {} };
  const claimed = { state: "claimed", ...part, total: 10, settled: 0, attempts: 0 };
  house = await campaignHouse({
    env: { RESEND_BASE_URL: "https://api.resend.com", NIGHTSHIFT_ENV: "development" },
    answerDatabase: async (request, ask) =>
      request.url.endsWith("/rpc/claim_part") ? Response.json(claimed) : ask(),
  });
  const { campaignId } = await house.draft(10);
  const data = { campaignId, part: 1, account: "default", parentJobId: crypto.randomUUID() };
  const { ids } = await house.app.inngest.send({ name: "email/send.campaign-part", data });
  await house.engine.run(String(ids[0]), "send-campaign-part");
  await house.engine.idle();
  const letters = await house.call("GET", "/api/dead-letters", undefined, { as: "admin" });
  expect(letters.body.items).toMatchObject([
    { function: "send-campaign-part", attempts: 1, error: { code: "environment_fenced" } },
  ]);
  expect(await stats()).toMatchObject({ requests: 0 });
});

test("a campaign to an empty list completes at once", async () => {
  house = await campaignHouse();
  const { campaignId } = await house.draft(0);
  const { jobId } = await send(campaignId);
  await completed(campaignId);
  await house.engine.idle();
  expect((await house.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
    status: "completed",
    result: { total: 0 },
  });
});

describe("text that Postgres cannot store", () => {
  const ODD = [
    "a binary page \u0000\u0000",
    `half a smile ${"👍".slice(0, 1)}`,
    `${"👍".slice(1)} the other half`,
  ];
  /** The provider's answers, with odd words in them. */
  const answering = (answer: (mails: unknown[]) => { status: number; body: unknown }) => ({
    answerMail: async (request: Request) => {
      const mails: unknown[] = await request.json();
      const { status, body } = answer(mails);
      return Response.json(body, { status });
    },
  });

  test.each(ODD)("in a refusal (%j) does not prevent the dead letter", async (words) => {
    house = await campaignHouse({
      env: SMALL,
      ...answering(() => ({ status: 403, body: { name: `restricted ${words}`, message: words } })),
    });
    const { campaignId } = await house.draft(10);
    await send(campaignId);
    await house.engine.waitFor(async () => (await letters()).length === 1);
    expect(await letters()).toMatchObject([
      { function: "send-campaign-part", error: { code: "provider_unauthorized" } },
    ]);
    expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 0, failed: 0, unknown: 0 } });
  });

  test.each(ODD)("about one mail (%j) fails that mail only", async (words) => {
    house = await campaignHouse({
      env: SMALL,
      ...answering((mails) => ({
        status: 200,
        body: {
          data: mails.slice(1).map((_, n) => ({ id: `m${n} ${words}` })),
          errors: [{ index: 0, message: words }],
        },
      })),
    });
    const { campaignId } = await house.draft(10);
    await send(campaignId);
    await completed(campaignId);
    expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 9, failed: 1, unknown: 0 } });
    expect(await letters()).toEqual([]);
  });
});
