import { afterEach, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse } from "../../support/campaign-house.ts";

let house: CampaignHouse;
/** The mails of all requests to the provider. */
let sent: Record<string, unknown>[] = [];
afterEach(() => house.close());

async function open() {
  sent = [];
  house = await campaignHouse({
    beforeMail: async (request) => {
      if (request.url.includes("/emails")) sent.push(...[await request.clone().json()].flat());
    },
  });
}
const trial = (campaignId: string, to: string, headers: Record<string, string> = {}) =>
  house.call("POST", `/api/campaigns/${campaignId}/test`, { to }, { headers });
const isDone = (jobId: string) =>
  house.engine.waitFor(
    async () => (await house.call("GET", `/api/jobs/${jobId}`)).body.status === "completed",
  );

test("a test mail is the first recipient's mail at another address, and no recipient is counted", async () => {
  await open();
  const { campaignId } = await house.draft(2, { replyTo: "desk@example.com" });
  const { status, body } = await trial(campaignId, "boss@example.org");
  expect(status).toBe(202);
  await isDone(body.jobId);
  expect(sent).toMatchObject([
    {
      from: "Ada <ada@example.com>",
      reply_to: "desk@example.com",
      to: "boss@example.org",
      subject: "[Test] News for Person 1",
      html: expect.stringContaining("<p>Hello Person 1</p>"),
      text: expect.stringMatching(/^Hello Person 1\n/),
    },
  ]);
  const { body: campaign } = await house.call("GET", `/api/campaigns/${campaignId}`);
  expect(campaign).toMatchObject({ status: "draft", counts: { recipients: 0, sent: 0 } });
});

test("the link to unsubscribe in a test mail unsubscribes no subscriber", async () => {
  await open();
  const { listId, campaignId } = await house.draft(1);
  const { body } = await trial(campaignId, "boss@example.org");
  await isDone(body.jobId);
  const token = /\/l\/([\w-]+)/.exec(String(sent[0]?.["html"]))?.[1] ?? "";
  expect(token).not.toBe("");
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const oneClick = { method: "POST", headers, body: "List-Unsubscribe=One-Click" };
  await house.app.doors.api(new Request(`http://site.local/l/${token}`, oneClick));
  const { body: list } = await house.call("GET", `/api/lists/${listId}`);
  expect(list.subscribers).toMatchObject({ active: 1, unsubscribed: 0 });
});

test("a request that is repeated under its key sends one mail, and the eleventh test at once is refused", async () => {
  await open();
  const { campaignId } = await house.draft(0);
  const key = { "idempotency-key": "once" };
  const first = await trial(campaignId, "a@example.org", key);
  const again = await trial(campaignId, "a@example.org", key);
  expect(again.body.jobId).toBe(first.body.jobId);
  await isDone(first.body.jobId);
  await house.engine.idle();
  expect(sent).toHaveLength(1);
  for (let n = 2; n < 10; n++) expect((await trial(campaignId, "a@example.org")).status).toBe(202);
  const refused = await trial(campaignId, "a@example.org");
  expect(refused).toMatchObject({ status: 429, body: { code: "too_many_requests" } });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(
    (await house.call("POST", `/api/campaigns/${campaignId}/test`, { to: "a@b.co" }, { as: "other" })).status,
  ).toBe(404);
});
