import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type CampaignHouse, campaignHouse, campaignTalk } from "../../support/campaign-house.ts";
import { startSmtp } from "../../support/smtp.ts";

let house: CampaignHouse;
let smtp: Awaited<ReturnType<typeof startSmtp>>;
/** What Resend and the SMTP server do; a test may set it. */
let resend: (request: Request) => Promise<Response>;
let onMail: NonNullable<Parameters<typeof startSmtp>[0]>["onMail"];

beforeEach(async () => {
  onMail = undefined;
  resend = (request) => house.provider.fetch(request);
  smtp = await startSmtp({ onMail: (address, raw) => onMail?.(address, raw) ?? "accept" });
});
afterEach(async () => {
  await house.close();
  await smtp.close();
});

const { campaign, send, completed, firstLetter, letters } = campaignTalk(() => house);
const open = async (order: string, env: Record<string, string> = {}) => {
  house = await campaignHouse({
    env: {
      MAIL_PROVIDERS: order,
      SMTP_URL: smtp.url,
      CAMPAIGN_PART_SIZE: "20",
      CAMPAIGN_BATCH_SIZE: "5",
      ...env,
    },
    answerMail: (request) => resend(request),
  });
};
const RESEND_FIRST = "resend,smtp";
const SMTP_FIRST = "smtp,resend";

const messages = z.object({ messages: z.array(z.object({ to: z.array(z.string()) })) });
/** How many mails each provider has accepted, by its own record, and how many recipients got more than one in all. */
async function record() {
  const page = await house.control("messages?limit=1000");
  const byResend = messages.parse(page).messages.flatMap(({ to }) => to);
  const bySmtp = [...smtp.mails].flatMap(([address, raws]) => raws.map(() => address));
  const all = [...byResend, ...bySmtp];
  return { resend: byResend.length, smtp: bySmtp.length, twice: all.length - new Set(all).size };
}
const answer =
  (status: number, name: string, headers = {}) =>
  () =>
    Promise.resolve(Response.json({ statusCode: status, name, message: "no" }, { status, headers }));
const unreachable = () =>
  Promise.reject(
    new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) }),
  );

describe("S4-49: SMTP sends the mails, and every row names it, when Resend certainly refuses all of them", () => {
  test.each([
    ["our key", answer(401, "invalid_api_key")],
    ["our sender", answer(403, "validation_error")],
    ["our quota", answer(429, "daily_quota_exceeded")],
    ["the connection", unreachable],
  ])("because of %s", async (_, refuse) => {
    await open(RESEND_FIRST);
    resend = refuse;
    const { campaignId } = await house.draft(20);
    await send(campaignId);
    await completed(campaignId);
    expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 20 }, sentBy: { smtp: 20 } });
    const { items } = (await house.call("GET", `/api/campaigns/${campaignId}/sends?limit=20`)).body;
    expect(items.map(({ provider }: { provider: string }) => provider)).toEqual(Array(20).fill("smtp"));
    expect(await record()).toEqual({ resend: 0, smtp: 20, twice: 0 });
  });

  test("because its API key is missing", async () => {
    await open(RESEND_FIRST, { RESEND_API_KEY: "" });
    const { campaignId } = await house.draft(5);
    await send(campaignId);
    await completed(campaignId);
    expect(await record()).toEqual({ resend: 0, smtp: 5, twice: 0 });
  });
});

describe("SMTP gets no mail when Resend answers otherwise, or may have accepted the mails", () => {
  const once = (first: (request: Request) => Promise<Response>) => {
    let calls = 0;
    return (request: Request) => (calls++ === 0 ? first(request) : house.provider.fetch(request));
  };
  const lost = async (request: Request) => {
    await house.provider.fetch(request);
    throw new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
  };
  test.each([
    ["429, too fast", answer(429, "rate_limit_exceeded", { "retry-after": "5" })],
    ["500", answer(500, "internal_server_error")],
    ["503", answer(503, "service_unavailable")],
    ["504", answer(504, "gateway_timeout")],
    ["409, an earlier request is running", answer(409, "concurrent_idempotent_requests")],
    ["no answer", lost],
  ])("%s", async (_, first) => {
    await open(RESEND_FIRST);
    resend = once(first);
    const { campaignId } = await house.draft(10);
    await send(campaignId);
    await completed(campaignId);
    expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 10 }, sentBy: { resend: 10 } });
    expect(await record()).toEqual({ resend: 10, smtp: 0, twice: 0 });
  });

  test("400: the request is invalid", async () => {
    await open(RESEND_FIRST);
    resend = answer(400, "validation_error");
    const { campaignId } = await house.draft(10);
    await send(campaignId);
    await firstLetter();
    expect(await record()).toEqual({ resend: 0, smtp: 0, twice: 0 });
  });

  test("a batch in doubt stays with Resend even if Resend then refuses our key, while SMTP sends the other batches", async () => {
    await open(RESEND_FIRST);
    const refuse = answer(401, "invalid_api_key");
    let calls = 0;
    resend = (request) => (calls++ === 0 ? lost(request) : refuse());
    const { campaignId } = await house.draft(20);
    await send(campaignId);
    await firstLetter();
    expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 15, sending: 5 } });
    expect(await record()).toEqual({ resend: 5, smtp: 15, twice: 0 });

    resend = (request) => house.provider.fetch(request);
    for (const { id } of await letters())
      await house.call("POST", `/api/dead-letters/${id}/reprocess`, undefined, { as: "admin" });
    await completed(campaignId);
    expect(await campaign(campaignId)).toMatchObject({ sentBy: { resend: 5, smtp: 15 } });
    expect(await record()).toEqual({ resend: 5, smtp: 15, twice: 0 });
  });

  test("SMTP also sends the rest of a batch of which it has sent some mails, after Resend works again", async () => {
    await open(RESEND_FIRST, { CAMPAIGN_BATCH_SIZE: "20" });
    const refuse = answer(401, "invalid_api_key");
    let calls = 0;
    resend = (request) => (calls++ === 0 ? refuse() : house.provider.fetch(request));
    let arrived = 0;
    onMail = () => (++arrived === 3 ? 451 : "accept");
    const { campaignId } = await house.draft(20);
    await send(campaignId);
    await completed(campaignId);
    expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 20 }, sentBy: { smtp: 20 } });
    expect(await record()).toEqual({ resend: 0, smtp: 20, twice: 0 });
    expect(house.engine.usage().executions).toBeLessThan(20);
  });

  test("a batch in doubt at a provider that is no longer configured becomes unknown", async () => {
    await open(RESEND_FIRST);
    resend = once(lost);
    const { campaignId } = await house.draft(5);
    await send(campaignId);
    await house.engine.idle();
    await house.db.sql.query("update campaign_batches set provider = 'former' where status = 'sending'");
    await completed(campaignId);
    expect(await campaign(campaignId)).toMatchObject({ counts: { unknown: 5 }, sentBy: {} });
    expect(await record()).toEqual({ resend: 5, smtp: 0, twice: 0 });
  });
});

describe("with SMTP as the first provider", () => {
  test("Resend sends all mails when SMTP cannot be reached", async () => {
    await open(SMTP_FIRST);
    await smtp.close();
    const { campaignId } = await house.draft(20);
    await send(campaignId);
    await completed(campaignId);
    expect(await campaign(campaignId)).toMatchObject({ sentBy: { resend: 20 } });
    expect(await record()).toEqual({ resend: 20, smtp: 0, twice: 0 });
  });

  test.each([
    ["the first mail of a batch", "p1@example.com"],
    ["a later mail", "p3@example.com"],
  ])(
    "when its answer to %s is lost, that mail is unknown, and Resend gets no mail of its batch",
    async (_, to) => {
      await open(SMTP_FIRST, { MAIL_MAX_IN_FLIGHT: "1" });
      let isLost = false;
      onMail = (address) => {
        if (isLost || address !== to) return "accept";
        isLost = true;
        return "drop";
      };
      const { campaignId } = await house.draft(20);
      await send(campaignId);
      await completed(campaignId);
      expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 19, unknown: 1 } });
      const { items } = (await house.call("GET", `/api/campaigns/${campaignId}/sends?status=unknown`)).body;
      expect(items).toMatchObject([{ email: to, provider: "smtp", errorCode: "outcome_unknown" }]);
      expect(await record()).toMatchObject({ twice: 0 });
      const messagesOfResend = messages.parse(await house.control("messages?limit=1000")).messages;
      const ofItsBatch = ["p1", "p2", "p3", "p4", "p5"].map((name) => `${name}@example.com`);
      expect(messagesOfResend.flatMap((mail) => mail.to).filter((one) => ofItsBatch.includes(one))).toEqual(
        [],
      );
    },
  );
});

test.each([
  ["one connection", { MAIL_MAX_IN_FLIGHT: "1", CAMPAIGN_PART_SIZE: "80" }],
  ["several parts and connections", {}],
])("over %s SMTP gets no more mails a second than SMTP_MAILS_PER_SECOND", async (_, env) => {
  await open("smtp", { SMTP_MAILS_PER_SECOND: "8", CAMPAIGN_BATCH_SIZE: "10", ...env });
  const times: number[] = [];
  onMail = () => {
    times.push(house.engine.clock.now().getTime());
    return "accept";
  };
  const { campaignId } = await house.draft(80);
  // Not from the first mail on, which arrives late on a busy machine while the sleep of another connection moves the clock.
  const began = house.engine.clock.now().getTime();
  await send(campaignId);
  await completed(campaignId);
  expect(await record()).toEqual({ resend: 0, smtp: 80, twice: 0 });
  // 80 mails at 8 a second, of which the bucket gives two at once.
  expect(Math.max(...times) - began).toBeGreaterThanOrEqual(9_500);
  // A connection that sleeps moves the virtual clock for all, so only a single one has true times.
  if (Object.keys(env).length === 0) return;
  const inSecondAfter = (from: number) => times.filter((at) => at >= from && at < from + 1000).length;
  expect(Math.max(...times.map(inSecondAfter))).toBeLessThanOrEqual(9);
});

describe("a crash between the provider's answer and its record", () => {
  test("of SMTP's answer makes the mails unknown, and Resend gets none of them", async () => {
    await open(RESEND_FIRST);
    resend = answer(401, "invalid_api_key");
    let arrived = 0;
    onMail = () => {
      // The last mail of the first batch: the database is away when the answer is to be stored.
      if (++arrived === 5) house.down.database = true;
      return "accept";
    };
    const { campaignId } = await house.draft(20);
    await send(campaignId);
    await house.engine.idle();
    house.down.database = false;
    resend = (request) => house.provider.fetch(request);
    await completed(campaignId);
    const { counts, sentBy } = await campaign(campaignId);
    expect(counts.sent + counts.unknown).toBe(20);
    expect(counts.unknown).toBeGreaterThanOrEqual(5);
    expect(sentBy).toEqual({ resend: counts.sent });
    expect(await record()).toMatchObject({ twice: 0 });
  });

  test("of Resend's answer leaves the mails in doubt, and SMTP gets none of them even if Resend then refuses our key", async () => {
    await open(RESEND_FIRST);
    let calls = 0;
    const refuse = answer(401, "invalid_api_key");
    resend = async (request) => {
      if (++calls > 1) return refuse();
      house.down.database = true;
      return house.provider.fetch(request);
    };
    const { campaignId } = await house.draft(20);
    await send(campaignId);
    await house.engine.idle();
    house.down.database = false;
    await firstLetter();
    const { counts } = await campaign(campaignId);
    expect(counts.sending).toBeGreaterThanOrEqual(5);
    expect(await record()).toMatchObject({ twice: 0 });
  });
});
