import { afterEach, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse } from "../../support/campaign-house.ts";

let house: CampaignHouse;
afterEach(() => house.close());

const asAdmin = (method: string, path: string) => house.call(method, path, undefined, { as: "admin" });
const letters = async () => (await asAdmin("GET", "/api/dead-letters?status=failed")).body.items;
const reprocess = async () => {
  const [letter] = await letters();
  expect((await asAdmin("POST", `/api/dead-letters/${letter.id}/reprocess`)).status).toBe(202);
};
const campaign = async (id: string) => (await house.call("GET", `/api/campaigns/${id}`)).body;
const completed = (id: string) =>
  house.engine.waitFor(async () => (await campaign(id)).status === "completed", { within: "3d" });

/** A campaign of two parts; one of them waits for the provider and is canceled in the engine. */
async function stopOneOfTwo() {
  house = await campaignHouse({ env: { CAMPAIGN_PART_SIZE: "20", CAMPAIGN_BATCH_SIZE: "10" } });
  await house.control("faults", { rules: [{ status: 429, retryAfter: 3600, match: "p1@", count: 1 }] });
  const { campaignId } = await house.draft(40);
  const { jobId } = (await house.call("POST", `/api/campaigns/${campaignId}/send`)).body;
  await house.engine.idle();
  const first = house.engine.runs("send-campaign-part").find(({ events }) => events[0]?.data?.["part"] === 1);
  await house.engine.cancel(String(first?.id));
  await house.engine.advance("2h");
  return { campaignId, jobId };
}

test("a part whose run is canceled in the engine becomes a dead letter, and the other parts are sent", async () => {
  const { campaignId, jobId } = await stopOneOfTwo();
  expect(await campaign(campaignId)).toMatchObject({ status: "blocked", counts: { sent: 30 } });
  expect(await letters()).toMatchObject([
    { function: "send-campaign-part", links: { job: `/api/jobs/${jobId}` } },
  ]);

  await reprocess();
  await completed(campaignId);
  expect(await house.control("stats")).toMatchObject({ accepted: 40, duplicates: 0 });
});

test("a campaign with a lost part fails after a day without progress, and a reprocess sends the rest", async () => {
  const { campaignId, jobId } = await stopOneOfTwo();
  // As if the engine's event had never arrived.
  await house.db.sql.query("delete from dead_letter_queue");
  await house.engine.advance("20h");
  await house.app.keepHouse();
  expect(await campaign(campaignId)).toMatchObject({ status: "sending" });
  expect(await letters()).toEqual([]);

  await house.engine.advance("6h");
  await house.app.keepHouse();
  expect(await campaign(campaignId)).toMatchObject({ status: "failed" });
  expect(await letters()).toMatchObject([
    {
      function: "send-email-campaign",
      links: { job: `/api/jobs/${jobId}` },
      error: { code: "outcome_unknown" },
    },
  ]);

  await reprocess();
  await completed(campaignId);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 40 } });
  expect(await house.control("stats")).toMatchObject({ accepted: 40, duplicates: 0 });
});

test("a campaign whose part is an open dead letter does not fail, however long it waits", async () => {
  const { campaignId } = await stopOneOfTwo();
  await house.engine.advance("3d");
  await house.app.keepHouse();
  expect(await campaign(campaignId)).toMatchObject({ status: "blocked" });
  expect(await letters()).toHaveLength(1);
});
