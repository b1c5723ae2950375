import { afterAll, beforeAll, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse } from "../../support/campaign-house.ts";

const NEWSLETTERS = 200;
const PEOPLE = 3;

let house: CampaignHouse;
const received = new Map<string, number>();
beforeAll(async () => {
  house = await campaignHouse({
    env: { MAIL_REQUESTS_PER_SECOND: "0" },
    async beforeMail(request) {
      // Counted by idempotency key: the provider accepts each key once.
      if (request.url.endsWith("/emails/batch")) {
        const key = request.headers.get("idempotency-key") ?? "";
        received.set(key, (received.get(key) ?? 0) + 1);
      }
    },
  });
});
afterAll(() => house.close());

test("T14: 200 newsletters, each asked for twice while the flag is flipped 200 times, reach everyone once", async () => {
  const flip = (isOn: boolean) =>
    house.call("PUT", "/api/flags/async_newsletter", { isOn, percentage: 100 }, { as: "admin" });
  await flip(true);
  const { listId } = await house.draft(PEOPLE);
  const answers = new Map<string, number>();
  const send = async (campaignId: string) => {
    const { status } = await house.call("POST", "/api/newsletter", { campaignId });
    answers.set(String(status), (answers.get(String(status)) ?? 0) + 1);
  };
  for (let n = 0; n < NEWSLETTERS; n++) {
    const content = { listId, subject: `News ${n}`, html: "<p>Hello</p>", from: "Ada <ada@example.com>" };
    const { body } = await house.call("POST", "/api/campaigns", content);
    // The request, the flip, and the request again, at the same time.
    await Promise.all([send(body.id), flip(n % 2 === 0), send(body.id)]);
    // The ledger allows a requester 100 requests per second.
    await house.engine.advance("1s");
  }
  const { rows: decided } = await house.db.sql.query(
    "select way, count(*)::int as n from flag_decisions group by way order by way",
  );
  const open = () =>
    house.db.sql.query("select from campaigns where status <> 'completed' and subject ~ '^News [0-9]'");
  await house.engine.waitFor(async () => (await open()).rows.length === 0, { within: "1d" });
  const { rows: sends } = await house.db.sql.query(
    "select count(*)::int as n, count(distinct (campaign_id, subscriber_id))::int as once from campaign_sends where status = 'sent'",
  );
  expect(sends).toEqual([{ n: NEWSLETTERS * PEOPLE, once: NEWSLETTERS * PEOPLE }]);
  expect(await house.control("stats")).toMatchObject({ accepted: NEWSLETTERS * PEOPLE, duplicates: 0 });
  expect([...received.values()].filter((times) => times !== 1)).toEqual([]);
  // Both ways were taken often, and never both by one campaign.
  expect(decided.map(({ way }) => way)).toEqual(["queue", "sync"]);
  for (const { n } of decided) expect(n).toBeGreaterThan(NEWSLETTERS / 10);
  const { rows: both } = await house.db.sql.query(
    `select subject from flag_decisions where way = 'sync' and exists (select from job_runs where job_runs.job_id = flag_decisions.job_id)
     union select subject from flag_decisions where way = 'queue' and not exists (select from job_runs where job_runs.job_id = flag_decisions.job_id)`,
  );
  expect(both).toEqual([]);
  // A second request of a campaign that is sent already is a conflict.
  expect([...answers.keys()].filter((status) => !["200", "202", "409"].includes(status))).toEqual([]);
}, 180_000);
