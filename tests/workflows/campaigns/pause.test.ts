import { afterEach, expect, test } from "vitest";
import {
  type CampaignHouse,
  campaignHouse,
  campaignTalk,
  ONE_BATCH_AT_A_TIME,
} from "../../support/campaign-house.ts";

let house: CampaignHouse;
afterEach(() => house.close());
const { campaign, letters, send, completed } = campaignTalk(() => house);
const stats = () => house.control("stats");
const SMALL = { CAMPAIGN_PART_SIZE: "40", CAMPAIGN_BATCH_SIZE: "10", ...ONE_BATCH_AT_A_TIME };

/** A house in which something happens at a request for mails, once. */
async function houseThatActs(act: (campaignId: string) => Promise<unknown>, atRequest: number) {
  let requests = 0;
  let campaignId = "";
  house = await campaignHouse({
    env: { ...SMALL, PLAN: "free" },
    beforeMail: async ({ url }) => {
      if (!url.endsWith("/emails/batch") || ++requests !== atRequest) return;
      await act(campaignId);
    },
  });
  ({ campaignId } = await house.draft(400));
  return campaignId;
}
const pause = (id: string) => house.call("POST", `/api/campaigns/${id}/pause`);
const partsThat = async (are: string): Promise<number> =>
  (await house.db.sql.query(`select count(*)::int as n from job_parts where ${are}`)).rows[0].n;
const resume = (id: string, headers = {}) =>
  house.call("POST", `/api/campaigns/${id}/resume`, undefined, { headers });

test("a pause in the middle lets only taken batches go out, for days; a resume sends each other mail once", async () => {
  const id = await houseThatActs(pause, 7);
  await send(id);
  await house.engine.idle();
  await house.engine.advance("10m");
  const paused = await campaign(id);
  expect(paused).toMatchObject({ status: "paused", waitingUntil: null, recipientsPerSecond: null });
  expect(paused.counts.sending).toBe(0);
  // The batch of the seventh request, and those that other workers had taken: two workers in each of five parts at most.
  expect(paused.counts.sent).toBeGreaterThanOrEqual(70);
  expect(paused.counts.sent).toBeLessThanOrEqual(170);
  expect((await house.call("GET", "/api/campaigns")).body.items[0].status).toBe("paused");
  const { requests, accepted } = await stats();
  expect(accepted).toBe(paused.counts.sent);

  expect(await partsThat("status = 'claimed'")).toBe(0);

  // No run waits, and housekeeping does not take the quiet parts for lost.
  await house.engine.advance("3d");
  await house.app.doors.housekeeping(new Request("http://site.local/"));
  await house.engine.idle();
  expect((await stats()).requests).toBe(requests);
  expect(await letters()).toEqual([]);
  expect(house.engine.runs().filter(({ status }) => ["Running", "Scheduled"].includes(status))).toEqual([]);

  const first = await resume(id, { "idempotency-key": "go on" });
  expect(first).toMatchObject({ status: 202, body: { message: "Campaign resumed" } });
  expect((await resume(id, { "idempotency-key": "go on" })).body.jobId).toBe(first.body.jobId);
  expect(await resume(id)).toMatchObject({ status: 409, body: { detail: "The campaign is not paused" } });
  await completed(id);
  expect(await campaign(id)).toMatchObject({ counts: { sent: 400 }, pausedAt: null });
  expect(await stats()).toMatchObject({ accepted: 400, duplicates: 0 });
  await house.engine.idle();
  expect((await house.call("GET", `/api/jobs/${first.body.jobId}`)).body).toMatchObject({
    status: "completed",
    result: { parts: expect.any(Number) },
  });
});

test("a pause before planning holds all mail back; it is undone by a resume, or ended by a cancel", async () => {
  house = await campaignHouse({ env: SMALL });
  const { campaignId } = await house.draft(100);
  expect(await pause(campaignId)).toMatchObject({ status: 409, body: { code: "conflict" } });
  await send(campaignId);
  expect(await pause(campaignId)).toMatchObject({ status: 200, body: { status: "paused" } });
  expect((await pause(campaignId)).status).toBe(200);
  const asOther = { as: "other" } as const;
  for (const action of ["pause", "resume"])
    expect(
      (await house.call("POST", `/api/campaigns/${campaignId}/${action}`, undefined, asOther)).status,
    ).toBe(404);
  await house.engine.idle();
  expect((await stats()).accepted).toBe(0);
  expect(await partsThat("status = 'pending'")).toBe(3);
  expect(await partsThat("attempts > 0")).toBe(0);
  await resume(campaignId);
  await completed(campaignId);
  expect(await stats()).toMatchObject({ accepted: 100, duplicates: 0 });

  const other = await house.draft(100);
  const { jobId } = await send(other.campaignId);
  await pause(other.campaignId);
  await house.call("DELETE", `/api/jobs/${jobId}`);
  expect(await campaign(other.campaignId)).toMatchObject({ status: "canceled", pausedAt: null });
  expect((await pause(other.campaignId)).status).toBe(409);
  await house.engine.idle();
  expect((await stats()).accepted).toBe(100);
});

test("a paused campaign waits for no provider", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", { rules: [{ status: 429, retryAfter: 600 }] });
  const { campaignId } = await house.draft(40);
  await send(campaignId);
  await house.engine.idle();
  expect((await campaign(campaignId)).waitingUntil).not.toBeNull();
  expect((await pause(campaignId)).body.waitingUntil).toBeNull();
});

test("a resume while the last batches are still on the wire repeats none of them", async () => {
  const id = await houseThatActs(async (campaignId) => {
    await pause(campaignId);
    // A claimed part may belong to a run that has seen the pause, so it gets an event too.
    const { rows } = await house.db.sql.query("select public.open_campaign_parts($1) as open", [campaignId]);
    expect(rows[0].open.parts).toHaveLength(await partsThat("status <> 'done'"));
    expect(await partsThat("status = 'claimed'")).toBeGreaterThan(0);
    await resume(campaignId);
  }, 3);
  await send(id);
  await completed(id);
  expect(await campaign(id)).toMatchObject({ counts: { sent: 400, unknown: 0 } });
  expect(await stats()).toMatchObject({ accepted: 400, duplicates: 0 });
});

test("a scheduled campaign begins at its time, with the recipients of that time, and can be canceled before", async () => {
  house = await campaignHouse({ env: SMALL });
  const [wanted, unwanted] = [await house.draft(20), await house.draft(20)];
  const sendAt = new Date(house.engine.clock.now().getTime() + 2 * 86_400_000).toISOString();
  const schedule = (id: string, at: string) => house.call("POST", `/api/campaigns/${id}/send?sendAt=${at}`);
  const tooLate = await schedule(wanted.campaignId, "2990-01-01T00:00:00Z");
  expect(tooLate).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  expect((await schedule(wanted.campaignId, sendAt)).status).toBe(202);
  const { body } = await schedule(unwanted.campaignId, sendAt);
  const shown = await campaign(wanted.campaignId);
  expect(shown.status).toBe("queued");
  expect(Date.parse(shown.sendAt)).toBe(Date.parse(sendAt));
  await house.engine.advance("47h");
  expect((await stats()).accepted).toBe(0);
  await house.call("POST", `/api/lists/${wanted.listId}/subscribers`, [{ email: "late@example.com" }]);
  await house.call("DELETE", `/api/jobs/${body.jobId}`);
  await house.engine.advance("2h");
  // Housekeeping sends the event shortly before; here it comes late.
  await house.app.doors.housekeeping(new Request("http://site.local/"));
  await completed(wanted.campaignId);
  expect(await campaign(wanted.campaignId)).toMatchObject({ sendAt: null, counts: { sent: 21 } });
  expect((await campaign(unwanted.campaignId)).status).toBe("canceled");
  expect(await stats()).toMatchObject({ accepted: 21, duplicates: 0 });
});

test("a failed campaign that is scheduled again can be paused before its time, and resumed", async () => {
  house = await campaignHouse({ env: SMALL });
  const { campaignId } = await house.draft(40);
  await house.control("faults", { rules: [{ status: 429, retryAfter: 3600 }] });
  const { body: first } = await house.call("POST", `/api/campaigns/${campaignId}/send`);
  await house.engine.idle();
  // As if the run of the part had been lost.
  for (const { id } of house.engine.runs("send-campaign-part")) await house.engine.cancel(id);
  await house.db.sql.query("select private.end_job($1, 'failed', null, null, $2)", [
    first.jobId,
    house.engine.clock.now(),
  ]);
  await house.db.sql.query("delete from dead_letter_queue");
  await house.control("faults", { rules: [] });
  const sendAt = new Date(house.engine.clock.now().getTime() + 2 * 86_400_000).toISOString();
  await house.call("POST", `/api/campaigns/${campaignId}/send?sendAt=${sendAt}`);
  const shown = await campaign(campaignId);
  expect(Date.parse(shown.sendAt)).toBe(Date.parse(sendAt));

  expect(await pause(campaignId)).toMatchObject({ status: 200, body: { status: "paused" } });
  await house.engine.advance("49h");
  await house.app.doors.housekeeping(new Request("http://site.local/"));
  await house.engine.idle();
  expect((await stats()).accepted).toBe(0);
  expect(await campaign(campaignId)).toMatchObject({ status: "paused", counts: { pending: 40 } });
  await resume(campaignId);
  await completed(campaignId);
  expect(await stats()).toMatchObject({ accepted: 40, duplicates: 0 });
});
