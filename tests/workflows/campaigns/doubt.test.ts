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

test("a batch in doubt whose key has expired is marked as unknown on reprocess, and is not sent again", async () => {
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

test("when the provider knows the key with other content, the batch stays in doubt and is not counted as failed", async () => {
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

test("a refused batch was not sent: an address that unsubscribes before the reprocess gets no mail", async () => {
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

test("a refused batch is not in doubt: it can be sent even after its idempotency key has expired", async () => {
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

test("mails in doubt become unknown after a cancel, and a person can resolve them", async () => {
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
