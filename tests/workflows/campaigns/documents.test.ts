/** The requirements of the source documents for campaigns, tested on the whole product. */
import { afterEach, expect, test } from "vitest";
import { sendCampaignPartRequested } from "#campaigns/events.ts";
import { type CampaignHouse, campaignHouse, campaignTalk } from "../../support/campaign-house.ts";

let house: CampaignHouse;
afterEach(() => house.close());
const { campaign, letters, send, completed, firstLetter } = campaignTalk(() => house);

/** When each request reached the provider, in seconds, and how many mails it had. */
function requestLog() {
  const requests: { at: number; mails: number }[] = [];
  const beforeMail = async (request: Request) => {
    if (!request.url.endsWith("/emails/batch")) return;
    const mails: unknown[] = await request.clone().json();
    requests.push({ at: house.engine.clock.now().getTime() / 1000, mails: mails.length });
  };
  return { requests, beforeMail };
}

test.each([
  ["a limit of one request a second", { MAIL_REQUESTS_PER_SECOND: "1" }, 0.99],
  ["production's default of 4.5 a second", { MAIL_REQUESTS_PER_SECOND: "4.5" }, 0.22],
])("S4-5, S4-55: batches of all parts together are not sent faster than %s", async (_, pace, seconds) => {
  const { requests, beforeMail } = requestLog();
  house = await campaignHouse({ env: { ...pace, CAMPAIGN_PART_SIZE: "200" }, beforeMail });
  const { campaignId } = await house.draft(450);
  const begin = house.engine.clock.now().getTime() / 1000;
  expect(await house.call("POST", "/api/newsletter", { campaignId })).toMatchObject({
    status: 202,
    body: { message: "Campaign queued" },
  });
  await completed(campaignId);
  expect(requests.map(({ mails }) => mails).toSorted((a, b) => b - a)).toEqual([100, 100, 100, 100, 50]);
  for (const [n, { at }] of requests.entries()) expect(at - begin).toBeGreaterThanOrEqual(n * seconds);
});

test("S4-22: the campaign and the result of its job count sent and failed mails", async () => {
  house = await campaignHouse();
  await house.control("reject", { addresses: ["p7@example.com"] });
  const { campaignId } = await house.draft(12);
  const { jobId } = await send(campaignId);
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({
    status: "completed",
    counts: { sent: 11, failed: 1 },
    endedAt: expect.any(String),
  });
  expect((await house.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
    status: "completed",
    result: { success: true, sent: 11, failed: 1 },
  });
});

test("S4-26: unsubscribed addresses are neither counted nor mailed", async () => {
  house = await campaignHouse();
  const { campaignId } = await house.draft(5);
  await house.db.sql.query(
    "update email_subscribers set status = 'unsubscribed' where email in ('p2@example.com', 'p4@example.com')",
  );
  const { body } = await house.call("POST", "/api/send-newsletter", { campaignId });
  expect(body).toMatchObject({ queued: true, subscriberCount: 3 });
  await completed(campaignId);
  expect((await campaign(campaignId)).counts).toMatchObject({ sent: 3, skipped: 0 });
  expect(await house.control("stats")).toMatchObject({ accepted: 3 });
});

test("S4-54: ten parts run at once per provider account, independently of other accounts", async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  house = await campaignHouse({
    env: { CAMPAIGN_PART_SIZE: "10", CAMPAIGN_BATCH_SIZE: "10", MAIL_MAX_IN_FLIGHT: "100" },
    beforeMail: () => gate,
  });
  const { campaignId } = await house.draft(250);
  const { jobId } = await send(campaignId);
  const atWork = async (): Promise<number[]> => {
    const { rows } = await house.db.sql.query(
      "select part_no from job_parts where claimant is not null order by part_no",
    );
    return rows.map(({ part_no }) => part_no);
  };
  const until = (count: number) => expect.poll(atWork, { timeout: 30_000 }).toHaveLength(count);
  const sendParts = (account: string, numbers: number[]) =>
    house.app.inngest.send(
      numbers.map((part) =>
        sendCampaignPartRequested.create({ campaignId, account, parentJobId: jobId, part }),
      ),
    );
  try {
    await until(10);
    const begun = await atWork();
    const [last = 0, ...waiting] = Array.from({ length: 25 }, (_, n) => n + 1).filter(
      (n) => !begun.includes(n),
    );
    await sendParts("second", waiting);
    await until(20);
    // The third one's begins although it came last: what waits, waits for its own account.
    await sendParts("third", [last]);
    await until(21);
    expect(await atWork()).toContain(last);
  } finally {
    open();
  }
  await completed(campaignId);
  expect(await house.control("stats")).toMatchObject({ accepted: 250, duplicates: 0 });
});

const SMALL = { CAMPAIGN_PART_SIZE: "40", CAMPAIGN_BATCH_SIZE: "40" };

test.each([
  ["a transient error is retried after about 10 s", { status: 503 }, [40, 40], [8.75, 12.5]],
  ["a rate limit is retried when the provider says", { status: 429, retryAfter: 60 }, [40, 40], [60, 61]],
  ["a batch that is too large is sent at once in smaller ones", { status: 413 }, [40, 20, 20], [0, 1]],
] as const)("S4-47: %s", async (_, rule, batches, [least, most]) => {
  const { requests, beforeMail } = requestLog();
  house = await campaignHouse({ env: SMALL, beforeMail });
  await house.control("faults", { rules: [{ ...rule, count: 1 }] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await completed(campaignId);
  expect(requests.map(({ mails }) => mails)).toEqual(batches);
  const waitSeconds = (requests[1]?.at ?? 0) - (requests[0]?.at ?? 0);
  expect(waitSeconds).toBeGreaterThanOrEqual(least);
  expect(waitSeconds).toBeLessThanOrEqual(most);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 40, failed: 0 } });
  expect(await letters()).toEqual([]);
});

test("S4-47: an invalid recipient is not retried, and its row has the error code", async () => {
  const { requests, beforeMail } = requestLog();
  house = await campaignHouse({ env: SMALL, beforeMail });
  await house.control("reject", { addresses: ["p7@example.com"] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await completed(campaignId);
  expect(requests.map(({ mails }) => mails)).toEqual([40]);
  const { body } = await house.call("GET", `/api/campaigns/${campaignId}/sends?status=failed`);
  expect(body.items).toMatchObject([{ email: "p7@example.com", errorCode: "invalid_recipient" }]);
});

test("S4-47: a configuration error is not retried, and sends an alert", async () => {
  const { requests, beforeMail } = requestLog();
  house = await campaignHouse({ env: SMALL, beforeMail });
  await house.control("faults", { rules: [{ status: 403 }] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await firstLetter();
  await house.engine.idle();
  expect(requests).toHaveLength(1);
  expect(await letters()).toMatchObject([{ attempts: 1, error: { code: "provider_unauthorized" } }]);
  const slack = await house.provider.fetch(new Request("http://mail.local/_control/slack"));
  expect(await slack.json()).toMatchObject({
    messages: [{ message: { channel: "#alerts", text: expect.stringContaining("403") } }],
  });
});

test("S4-47: a second send of a completed campaign is skipped, without a dead letter", async () => {
  house = await campaignHouse({ env: SMALL });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await completed(campaignId);
  const { ids } = await house.app.inngest.send({ name: "email/send.campaign", data: { campaignId } });
  const { output } = await house.engine.run(String(ids[0]), "send-email-campaign");
  expect(output).toMatchObject({ status: "skipped" });
  expect(await letters()).toEqual([]);
  expect(await house.control("stats")).toMatchObject({ accepted: 40 });
});
