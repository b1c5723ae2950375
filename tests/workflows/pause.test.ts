import { afterAll, beforeAll, expect, test } from "vitest";
import { campaignFunctions } from "#campaigns/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await workshop({ env: { MAIL_REQUESTS_PER_SECOND: "0" }, functions: campaignFunctions });
});
afterAll(() => shop.close());

const ID = "send-email-campaign";

async function send() {
  const list = await shop.call("POST", "/api/lists", { name: "People" });
  await shop.call("POST", `/api/lists/${list.body.id}/subscribers`, [{ email: "ada@example.com" }]);
  const { body } = await shop.call("POST", "/api/campaigns", {
    listId: list.body.id,
    subject: "News",
    html: "<p>Hello</p>",
    from: "Ada <ada@example.com>",
  });
  const answer = await shop.call("POST", `/api/campaigns/${body.id}/send`);
  expect(answer.status).toBe(202);
  return String(answer.body.jobId);
}
const states = async () =>
  (
    await shop.rows("select status, count(*)::int as n from jobs where function_id = $1 group by status", [
      ID,
    ])
  ).map(({ status, n }) => `${n} ${status}`);

test("jobs of a paused function wait in the ledger, through housekeeping and a pause of two days; after the resume each runs once", async () => {
  // A job that the engine could not take before the pause waits too.
  shop.down.engine = true;
  const early = await send();
  shop.down.engine = false;
  expect((await shop.call("POST", `/api/functions/${ID}/pause`)).body).toEqual({ jobs: 1 });
  const jobIds = [early];
  for (let n = 0; n < 49; n++) jobIds.push(await send());
  expect((await shop.call("GET", `/api/jobs/${jobIds[7]}`)).body).toMatchObject({
    status: "queued",
    isPaused: true,
  });
  for (let n = 0; n < 3; n++) {
    await shop.engine.advance("16h");
    expect((await shop.app.keepHouse())["outbox"]).toEqual({ sent: 0, unbegun: 0 });
  }
  expect(await states()).toEqual(["50 queued"]);
  expect(shop.engine.runs(ID)).toEqual([]);

  expect((await shop.call("POST", `/api/functions/${ID}/resume`)).body).toEqual({ jobs: 50 });
  await shop.engine.waitFor(async () => (await states()).join() === "50 completed");
  expect(shop.engine.runs(ID)).toHaveLength(50);
  expect((await shop.call("POST", `/api/functions/${ID}/resume`)).body).toEqual({ jobs: 0 });
  const stats = await shop.mail.fetch(new Request("http://mail.local/_control/stats"));
  expect(await stats.json()).toMatchObject({ recipients: 50, duplicates: 0 });
});
