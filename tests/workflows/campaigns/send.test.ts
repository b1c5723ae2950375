import { afterEach, describe, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse } from "../../support/campaign-house.ts";

let house: CampaignHouse;
afterEach(() => house.close());

const countsOf = async (campaignId: string) => (await house.call("GET", `/api/campaigns/${campaignId}`)).body;

describe.each([true, false])("a campaign, with checkpointing %s", (checkpointing) => {
  test("is sent to every recipient once, and completes with its job", async () => {
    house = await campaignHouse({
      checkpointing,
      env: { CAMPAIGN_PART_SIZE: "100", CAMPAIGN_BATCH_SIZE: "20" },
    });
    const { campaignId } = await house.draft(250);
    const accepted = await house.call("POST", `/api/campaigns/${campaignId}/send`);
    expect(accepted).toMatchObject({ status: 202, body: { message: "Campaign queued for sending" } });
    await house.engine.waitFor(async () => (await countsOf(campaignId)).status === "completed");
    await house.engine.idle();

    expect(await countsOf(campaignId)).toMatchObject({
      counts: { recipients: 250, sent: 250, pending: 0, failed: 0, unknown: 0 },
    });
    expect(await house.control("stats")).toMatchObject({ accepted: 250, duplicates: 0, requests: 13 });
    const job = await house.call("GET", accepted.body.statusUrl);
    expect(job.body).toMatchObject({
      status: "completed",
      progress: { done: 250, total: 250 },
      result: { total: 250, sent: 250, failed: 0, skipped: 0, unknown: 0 },
    });
    const usage = house.engine.usage();
    expect(usage.executions).toBeLessThanOrEqual(3 + 3 * 2 + 3);
  });
});
