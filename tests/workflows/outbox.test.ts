import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { campaignFunctions } from "#campaigns/functions.ts";
import { insertJob } from "../support/jobs.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await workshop({ env: { MAIL_REQUESTS_PER_SECOND: "0" }, functions: campaignFunctions });
});
afterAll(() => shop.close());

async function draft() {
  const list = await shop.call("POST", "/api/lists", { name: "People" });
  await shop.call("POST", `/api/lists/${list.body.id}/subscribers`, [
    { email: "ada@example.com" },
    { email: "bob@example.com" },
  ]);
  const { body } = await shop.call("POST", "/api/campaigns", {
    listId: list.body.id,
    subject: "News",
    html: "<p>Hello</p>",
    from: "Ada <ada@example.com>",
  });
  return String(body.id);
}
const accepted = async () => {
  const stats = await shop.mail.fetch(new Request("http://mail.local/_control/stats"));
  const { recipients, duplicates } = (await stats.json()) as { recipients: number; duplicates: number };
  return { recipients, duplicates };
};

test("work is accepted while the engine is down, and housekeeping sends it once", async () => {
  const campaignId = await draft();
  shop.down.engine = true;
  const answer = await shop.call("POST", `/api/campaigns/${campaignId}/send`);
  expect(answer.status).toBe(202);
  await shop.engine.advance("1m");
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 0 } });
  const waiting = await shop.call("GET", `/api/jobs/${answer.body.jobId}`);
  expect(waiting.body).toMatchObject({ status: "queued", sentAt: null });

  shop.down.engine = false;
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 1 } });
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 0 } });
  await shop.engine.waitFor(async () => {
    const { body } = await shop.call("GET", `/api/jobs/${answer.body.jobId}`);
    return body.status === "completed";
  });
  expect(await accepted()).toEqual({ recipients: 2, duplicates: 0 });
  expect(shop.engine.runs("send-email-campaign")).toHaveLength(1);
});

test("during a longer engine outage every request is accepted, and every job is sent once", async () => {
  const before = await accepted();
  shop.down.engine = true;
  const jobIds: string[] = [];
  for (let n = 0; n < 3; n++) {
    const answer = await shop.call("POST", `/api/campaigns/${await draft()}/send`);
    expect(answer.status).toBe(202);
    jobIds.push(answer.body.jobId);
    await shop.engine.advance("1m");
  }
  shop.down.engine = false;
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 3 } });
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 0 } });
  await shop.engine.waitFor(async () => {
    const jobs = await shop.rows("select status from jobs where id = any ($1)", [jobIds]);
    return jobs.every(({ status }) => status === "completed");
  });
  expect(await accepted()).toEqual({ recipients: before.recipients + 6, duplicates: 0 });
});

test("an event whose sending was not recorded is sent again under the same id, and has no second effect", async () => {
  const before = await accepted();
  const campaignId = await draft();
  const answer = await shop.call("POST", `/api/campaigns/${campaignId}/send`);
  await shop.rows(
    "update jobs set sent_at = null, status = 'queued', started_at = null, ended_at = null where id = $1",
    [answer.body.jobId],
  );
  await shop.engine.advance("1m");
  await shop.app.keepHouse();
  await shop.engine.advance("10m");
  expect(await accepted()).toEqual({ recipients: before.recipients + 2, duplicates: 0 });
});

test("an engine outage of days fails no job, but a sent job that never begins fails after a day and causes an alert", async () => {
  const jobId = randomUUID();
  await insertJob(
    shop.database.sql,
    { id: jobId, functionId: "unregistered", event: "test/unregistered" },
    shop.engine.clock.now(),
  );
  const status = async () => (await shop.call("GET", `/api/jobs/${jobId}`)).body.status;
  shop.down.engine = true;
  await shop.engine.advance("3d");
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 0, unbegun: 0 } });
  shop.down.engine = false;
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 1, unbegun: 0 } });
  await shop.engine.advance("23h");
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { unbegun: 0 } });
  expect(await status()).toBe("queued");

  await shop.engine.advance("2h");
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { unbegun: 1 } });
  expect(await status()).toBe("failed");
  await shop.engine.advance("6m");
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ alerts: { told: 1 } });
  expect((await shop.slack()).at(-1)?.text).toContain(
    "unregistered failed for good: The engine never began this job",
  );
});

test("jobs that the engine refuses do not hold up newer jobs, and fail after a day", async () => {
  const accept = async (event: string) => {
    const id = randomUUID();
    await insertJob(shop.database.sql, { id, functionId: "unregistered", event }, shop.engine.clock.now());
    return id;
  };
  // The engine keeps names that begin with "inngest/" to itself. One request of the outbox has up to 200 jobs.
  const refused = await Promise.all(Array.from({ length: 201 }, () => accept("inngest/refused")));
  await shop.engine.advance("1m");
  const newer = await accept("test/unregistered");
  await shop.engine.advance("1m");
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 1, unbegun: 0 } });
  const unsent = await shop.rows("select id from jobs where sent_at is null and status = 'queued'");
  expect(new Set(unsent.map(({ id }) => id))).toEqual(new Set(refused));
  expect((await shop.call("GET", `/api/jobs/${newer}`)).body.sentAt).not.toBeNull();

  // Housekeeping fails 50 jobs at a time, the oldest first.
  await shop.engine.advance("25h");
  await expect(shop.app.keepHouse()).resolves.toMatchObject({ outbox: { sent: 0, unbegun: 50 } });
});
