import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse } from "../support/campaign-house.ts";

let house: CampaignHouse;
beforeAll(async () => {
  house = await campaignHouse();
});
afterAll(() => house.close());

const nobody = "00000000-0000-4000-8000-000000000000";
const statusOf = async (campaignId: string) =>
  (await house.call("GET", `/api/campaigns/${campaignId}`)).body.status;

describe.each([
  ["S4-5", "/api/newsletter"],
  ["S4-2", "/api/send-newsletter"],
])("%s: POST %s", (_, path) => {
  test("S4-26: 202: the answer has the job and the subscriber count, and the job completes", async () => {
    const { campaignId } = await house.draft(30);
    const { status, body } = await house.call("POST", path, { campaignId });
    expect(status).toBe(202);
    expect(body).toMatchObject({ message: "Campaign queued", campaignId, queued: true, subscriberCount: 30 });
    await house.engine.waitFor(async () => (await statusOf(campaignId)) === "completed");
    expect((await house.call("GET", body.statusUrl)).body).toMatchObject({ status: "completed" });
  });

  test("202: a newsletter can be sent with its content in the request", async () => {
    const { listId } = await house.draft(3);
    const content = { listId, subject: "Now", html: "<p>Now</p>", from: "Ada <ada@example.com>" };
    const { status, body } = await house.call("POST", path, content);
    expect([status, body.subscriberCount]).toEqual([202, 3]);
  });

  test("404: an unknown campaign; 400: a request with neither campaign nor content", async () => {
    expect((await house.call("POST", path, { campaignId: nobody })).status).toBe(404);
    expect((await house.call("POST", path, { hello: "world" })).status).toBe(400);
  });
});

describe("S4-68: POST /api/campaigns/:id/send", () => {
  test('404: an unknown campaign is answered with "Campaign not found"', async () => {
    const { status, body } = await house.call("POST", `/api/campaigns/${nobody}/send`);
    expect([status, body.error]).toEqual([404, "Campaign not found"]);
  });

  test("S2-3: 202: the answer comes at once; 200: a repeated request returns the same job", async () => {
    const { campaignId } = await house.draft(20);
    await house.control("faults", { rules: [{ status: 503 }] });
    const first = await house.call("POST", `/api/campaigns/${campaignId}/send`);
    expect(first).toMatchObject({ status: 202, body: { message: "Campaign queued for sending" } });
    const again = await house.call("POST", `/api/campaigns/${campaignId}/send`);
    expect([again.status, again.body.jobId]).toEqual([200, first.body.jobId]);
    await house.control("faults", { rules: [] });
    await house.engine.waitFor(async () => (await statusOf(campaignId)) === "completed");
  });
});
