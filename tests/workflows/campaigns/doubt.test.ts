import { afterEach, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse, campaignTalk } from "../../support/campaign-house.ts";

let house: CampaignHouse;
afterEach(() => house.close());

const SMALL = { CAMPAIGN_PART_SIZE: "40", CAMPAIGN_BATCH_SIZE: "10" };

const { campaign, send, completed, letters, firstLetter } = campaignTalk(() => house);
const reprocess = async () => {
  for (const { id } of await letters())
    await house.call("POST", `/api/dead-letters/${id}/reprocess`, undefined, { as: "admin" });
};
const refuseOurKey = () => house.control("keys", { accept: ["another"] });
const takeOurKey = () => house.control("keys", { accept: null });

test("in doubt, then refused, and reprocessed after the provider forgot the key: unknown, never a second send", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", { rules: [{ dropAnswer: true, count: 1 }] });
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await house.engine.idle();
  await refuseOurKey();
  await firstLetter();
  expect(await campaign(campaignId)).toMatchObject({ counts: { sending: 10 } });
  await house.engine.advance("25h");
  await takeOurKey();
  await reprocess();
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 0, unknown: 10 } });
  expect(await house.control("stats")).toMatchObject({ accepted: 10, duplicates: 0 });
});

test("a key that the provider knows with other content is doubt, not a refusal", async () => {
  house = await campaignHouse({ env: SMALL });
  const { campaignId } = await house.draft(10);
  const other = [{ from: "ada@example.com", to: "x@example.com", subject: "S", text: "T" }];
  await house.provider.fetch(
    new Request("http://mail.local/emails/batch", {
      method: "POST",
      headers: { authorization: "Bearer re_test", "idempotency-key": `${campaignId}:1` },
      body: JSON.stringify(other),
    }),
  );
  await send(campaignId);
  await firstLetter();
  expect(await letters()).toMatchObject([{ error: { code: "provider_conflict" } }]);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sending: 10 } });
  await house.engine.advance("25h");
  await reprocess();
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { unknown: 10 } });
});

test("a refused batch has not begun: a subscriber who leaves before its reprocessing gets no mail", async () => {
  house = await campaignHouse({ env: SMALL });
  await refuseOurKey();
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await firstLetter();
  await house.db.sql.query(
    "update email_subscribers set status = 'unsubscribed' where email = 'p3@example.com'",
  );
  await takeOurKey();
  await reprocess();
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 9, skipped: 1 } });
});

test("a refused batch is not in doubt: the provider's memory does not run out from there", async () => {
  house = await campaignHouse({ env: SMALL });
  await refuseOurKey();
  const { campaignId } = await house.draft(10);
  await send(campaignId);
  await firstLetter();
  await house.engine.advance("25h");
  await takeOurKey();
  await house.control("faults", { rules: [{ status: 503, count: 1 }] });
  await reprocess();
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 10, unknown: 0 } });
});

test("canceled while in doubt: housekeeping lists it as unknown, and a person settles it", async () => {
  house = await campaignHouse({ env: SMALL });
  await house.control("faults", { rules: [{ status: 503 }] });
  const { campaignId } = await house.draft(10);
  const { jobId } = await send(campaignId);
  await house.engine.idle();
  expect(await campaign(campaignId)).toMatchObject({ counts: { sending: 10 } });
  const [{ id }] = (await house.call("GET", `/api/campaigns/${campaignId}/sends`)).body.items;
  const settle = () =>
    house.call("POST", `/api/campaigns/${campaignId}/sends/${id}/resolve`, { status: "failed" });
  expect(await settle()).toMatchObject({
    status: 409,
    body: { detail: "This send is sending, not unknown" },
  });

  await house.call("DELETE", `/api/jobs/${jobId}`);
  await house.engine.idle();
  expect(await house.app.keepHouse()).toMatchObject({ "canceled campaigns": { parts: 1 } });
  expect(await campaign(campaignId)).toMatchObject({
    status: "canceled",
    counts: { sending: 0, unknown: 10 },
  });
  expect(await settle()).toMatchObject({ status: 200, body: { counts: { failed: 1, unknown: 9 } } });
  expect(await house.app.keepHouse()).toMatchObject({ "canceled campaigns": { parts: 0 } });
});
