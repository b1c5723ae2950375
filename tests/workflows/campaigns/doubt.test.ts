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

test("a batch in doubt is repeated unchanged, also to an address that was suppressed meanwhile; later batches skip it", async () => {
  const requests: { key: string | null; to: string[] }[] = [];
  const addresses = Array.from({ length: 20 }, (_, n) => `p${n + 1}@example.com`);
  let [early, late]: (string | undefined)[] = [];
  house = await campaignHouse({
    env: { ...SMALL, MAIL_MAX_IN_FLIGHT: "1", MAIL_REQUESTS_PER_SECOND: "1" },
    async beforeMail(request) {
      if (!request.url.endsWith("/emails/batch")) return;
      const mails: { to: string | string[] }[] = await request.clone().json();
      requests.push({ key: request.headers.get("idempotency-key"), to: mails.flatMap(({ to }) => to) });
      if (requests.length > 1) return;
      // This batch is at the provider, and the other one was not taken yet.
      const first = requests[0]?.to ?? [];
      early = first[0];
      late = addresses.find((address) => !first.includes(address));
      await house.db.sql.query(
        "update email_subscribers set status = 'unsubscribed' where email in ($1, $2)",
        [early, late],
      );
    },
  });
  await house.control("faults", { rules: [{ dropAnswer: true, count: 1 }] });
  const { campaignId } = await house.draft(20);
  await send(campaignId);
  await completed(campaignId);
  const [asked, ...others] = requests;
  const repeated = others.filter(({ key }) => key === asked?.key);
  expect(repeated).toEqual([asked]);
  expect(asked?.to).toContain(early);
  expect(requests.flatMap(({ to }) => to)).not.toContain(late);
  expect(await campaign(campaignId)).toMatchObject({ counts: { sent: 19, skipped: 1 } });
  expect(await house.control("stats")).toMatchObject({ accepted: 19, duplicates: 0 });
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
