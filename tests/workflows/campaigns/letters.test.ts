import { afterEach, expect, test } from "vitest";
import {
  type CampaignHouse,
  campaignHouse,
  campaignTalk,
  ONE_BATCH_AT_A_TIME,
} from "../../support/campaign-house.ts";

let house: CampaignHouse;
afterEach(() => house.close());

const SMALL = { CAMPAIGN_PART_SIZE: "40", CAMPAIGN_BATCH_SIZE: "10" };

const { campaign, send, completed, letters, firstLetter } = campaignTalk(() => house);
const ignore = (id: string) =>
  house.call("POST", `/api/dead-letters/${id}/ignore`, { note: "too late to matter" }, { as: "admin" });
const requests = async () => (await house.control("stats")).requests;

test("a refusal of every mail in a batch becomes a dead letter, and no recipient is marked as failed", async () => {
  house = await campaignHouse({ env: SMALL });
  const everybody = Array.from({ length: 20 }, (_, n) => `p${n + 1}@example.com`);
  await house.control("reject", { addresses: everybody });
  const { campaignId } = await house.draft(20);
  await send(campaignId);
  await firstLetter();
  expect(await letters()).toMatchObject([
    {
      error: { code: "provider_rejected", message: expect.stringContaining("Each of 10 mails was refused") },
    },
  ]);
  expect(await campaign(campaignId)).toMatchObject({
    status: "blocked",
    counts: { pending: 20, failed: 0 },
  });
});

test("a campaign is blocked, with the reason, when no part can go on, and a reprocess ends that", async () => {
  // The first part must be refused before the third one is told to wait, because that pause applies to all parts.
  let begin = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const beforeMail = async ({ headers }: Request) => {
    const key = headers.get("idempotency-key") ?? "";
    if (key.endsWith(":1")) begin();
    if (key.endsWith(":3")) await hasBegun;
  };
  house = await campaignHouse({ env: { ...SMALL, CAMPAIGN_PART_SIZE: "10" }, beforeMail });
  const { campaignId } = await house.draft(30);
  await house.control("faults", {
    rules: [
      { status: 401, match: `${campaignId}:1$` },
      { status: 429, retryAfter: 600, match: `${campaignId}:3$`, count: 1 },
    ],
  });
  const { jobId } = await send(campaignId);
  await house.engine.idle();
  const job = async () => (await house.call("GET", `/api/jobs/${jobId}`)).body;
  // One part is dead; another waits and will continue by itself.
  expect(await letters()).toHaveLength(1);
  expect(await campaign(campaignId)).toMatchObject({ status: "sending", blocked: null });

  await house.engine.waitFor(async () => (await campaign(campaignId)).counts.sent === 20);
  const [letter] = await letters();
  const blocked = {
    code: "provider_unauthorized",
    message: letter.error.message,
    hint: expect.stringContaining("Replace the key, then reprocess."),
    since: letter.failedAt,
    parts: 1,
    deadLetter: `/api/dead-letters/${letter.id}`,
  };
  expect(await campaign(campaignId)).toMatchObject({
    status: "blocked",
    blocked,
    recipientsPerSecond: null,
  });
  expect(await job()).toMatchObject({ status: "running", blocked });
  const jobs = await house.call("GET", "/api/jobs?function=send-email-campaign");
  expect(jobs.body.items).toMatchObject([{ id: jobId, status: "running", blocked }]);
  const list = await house.call("GET", "/api/campaigns");
  expect(list.body.items).toMatchObject([{ id: campaignId, status: "blocked" }]);

  // After a failed reprocess the page refers to the second dead letter.
  await house.call("POST", `/api/dead-letters/${letter.id}/reprocess`, {}, { as: "admin" });
  expect(await campaign(campaignId)).toMatchObject({ status: "sending", blocked: null });
  await house.engine.waitFor(async () => (await letters()).length === 1);
  const [second] = await letters();
  expect(second.id).not.toBe(letter.id);
  expect((await campaign(campaignId)).blocked).toMatchObject({
    deadLetter: `/api/dead-letters/${second.id}`,
  });
  await ignore(second.id);
  expect(await campaign(campaignId)).toMatchObject({ status: "completed", blocked: null });
  expect(await job()).toMatchObject({ status: "completed", blocked: null });
});

test("ignoring a dead letter skips its part, and the campaign completes without it", async () => {
  house = await campaignHouse({ env: { ...SMALL, ...ONE_BATCH_AT_A_TIME, CAMPAIGN_PART_SIZE: "20" } });
  const { campaignId } = await house.draft(40);
  await house.control("faults", {
    rules: [
      { dropAnswer: true, count: 1, match: `${campaignId}:1$` },
      { status: 400, match: `${campaignId}:[12]$` },
    ],
  });
  const { jobId } = await send(campaignId);
  await firstLetter();
  const [letter] = await letters();
  expect(letter.event.data).toMatchObject({ part: 1 });
  await house.engine.waitFor(async () => (await campaign(campaignId)).counts.sent === 20);
  expect(await campaign(campaignId)).toMatchObject({
    status: "blocked",
    counts: { pending: 10, sending: 10 },
  });

  expect(await ignore(letter.id)).toMatchObject({ status: 200, body: { status: "ignored" } });
  expect(await campaign(campaignId)).toMatchObject({
    status: "completed",
    counts: { sent: 20, skipped: 10, unknown: 10, pending: 0, sending: 0 },
  });
  expect((await house.call("GET", `/api/jobs/${jobId}`)).body).toMatchObject({
    status: "completed",
    result: { sent: 20, skipped: 10, unknown: 10 },
  });
  const skipped = await house.call("GET", `/api/campaigns/${campaignId}/sends?status=skipped&limit=1`);
  expect(skipped.body.items).toMatchObject([{ note: "too late to matter" }]);
});

test("ignoring a dead letter does not change a part that another run has claimed", async () => {
  let whileSending = async () => {};
  house = await campaignHouse({ env: SMALL, beforeMail: () => whileSending() });
  await house.control("keys", { accept: ["another"] });
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await firstLetter();
  const [{ id, event }] = await letters();
  await house.control("keys", { accept: null });
  whileSending = async () => {
    whileSending = async () => {};
    await ignore(id);
  };
  await house.app.inngest.send({ name: event.name, data: event.data });
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 10, skipped: 0 } });
});

test("crashes of the app use none of the retries for provider errors", async () => {
  house = await campaignHouse({ env: SMALL });
  house.engine.faults.answer(502, "", { functionId: "send-campaign-part", times: 7 });
  await house.control("faults", { rules: [{ status: 503, count: 5 }] });
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await completed(campaignId);
  expect(await letters()).toEqual([]);
  expect(await requests()).toBe(6);
  const calls = house.engine
    .runs("send-campaign-part")
    .flatMap(({ id }) => house.engine.history(id))
    .filter(({ what }) => what === "called");
  expect(calls.length).toBeGreaterThanOrEqual(7 + 6);
});

test("a persistent provider error becomes a dead letter after six requests, and a reprocess allows six more", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", { rules: [{ status: 503, count: 11 }] });
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await firstLetter();
  expect(await requests()).toBe(6);
  const [{ id }] = await letters();
  await house.call("POST", `/api/dead-letters/${id}/reprocess`, undefined, { as: "admin" });
  await completed(campaignId);
  expect(await requests()).toBe(12);
});

test("a provider that asks to wait forever ends the run once, without retries by the engine", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", { rules: [{ status: 429, retryAfter: 60 }] });
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await firstLetter();
  expect(await letters()).toMatchObject([{ error: { code: "provider_rate_limited" } }]);
  const tries = house.engine
    .runs("send-campaign-part")
    .flatMap(({ id }) => house.engine.history(id))
    .map(({ attempt }) => attempt ?? 0);
  expect(Math.max(...tries)).toBe(0);
});
