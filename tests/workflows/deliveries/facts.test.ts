/** Every event type of the catalog is published by the work that it names, with data that fits its schema. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Fact } from "#lib/fact.ts";
import { rooms } from "#rooms.ts";
import { type HookShop, hookShop } from "../../support/hook-shop.ts";
import { insertJob } from "../../support/jobs.ts";

const facts: readonly Fact[] = rooms.flatMap((room) => room.facts ?? []);
const NOW = new Date("2026-11-01T09:00:00Z");
let shop: HookShop;
beforeAll(async () => {
  shop = await hookShop();
  await shop.endpoint();
});
afterAll(() => shop.close());

const sql = (text: string, values: unknown[] = []) => shop.rows(text, values);
const end = (id: string, status: string, error: object | null = null) =>
  sql("select private.end_job($1, $2, null, $3, $4)", [id, status, error && JSON.stringify(error), NOW]);
const jobOf = async (functionId: string, event: string) => {
  const id = randomUUID();
  await insertJob(shop.database.sql, { id, owner: "operator", functionId, event }, NOW);
  return id;
};

async function runCampaign(...statuses: string[]) {
  const [list] = await sql(
    "insert into email_lists (owner, name, created_at) values ('operator', $1, now()) returning id",
    [randomUUID()],
  );
  const [campaign] = await sql(
    `insert into campaigns (owner, list_id, name, subject, text, sender, status, created_at)
     values ('operator', $1, 'n', 's', 't', 'a@example.com', 'sending', now()) returning id`,
    [list.id],
  );
  for (const status of statuses) {
    const jobId = await jobOf("send-email-campaign", "email/send.campaign");
    await sql("update campaigns set status = 'sending', ended_at = null, job_id = $2 where id = $1", [
      campaign.id,
      jobId,
    ]);
    await end(jobId, status);
  }
}

async function runImport(...statuses: string[]) {
  const id = randomUUID();
  await sql(
    `insert into imports (id, owner, target, scope, merge, absent, is_dry_run, is_again, file_url, file_name, created_at)
     values ($1, 'operator', 'subscribers', 'x', 'insert', 'keep', false, false, 'https://x.test/f', 'f.csv', now())`,
    [id],
  );
  for (const status of statuses) {
    const jobId = await jobOf("process-import", "import/start");
    await sql("insert into job_plans (job_id, planned_at) values ($1, $2)", [jobId, NOW]);
    await sql("update imports set job_id = $2 where id = $1", [id, jobId]);
    await end(jobId, status, { code: "unreadable_table" });
  }
}

/** How each fact comes about, by the statement that the room's own code calls. */
const CAUSES: Record<string, () => Promise<unknown>> = {
  "job.completed": async () => end(await jobOf("some-function", "some/event"), "completed"),
  "job.failed": async () =>
    end(await jobOf("some-function", "some/event"), "failed", { code: "provider_timeout" }),
  "campaign.completed": () => runCampaign("completed"),
  "campaign.failed": () => runCampaign("failed"),
  "import.completed": () => runImport("completed"),
  "import.failed": () => runImport("failed"),
  "report.ready": async () => {
    const id = await jobOf("generate-report", "report/generate");
    const report = {
      owner: "operator",
      scope: null,
      type: "users",
      format: "csv",
      startsAt: NOW,
      endsAt: new Date(),
    };
    await sql("select open_report($1, $2, $3)", [id, JSON.stringify(report), NOW]);
    await sql("select complete_report($1, $2, 3, 100, $2)", [id, NOW]);
  },
  "payment.succeeded": async () => {
    const payment = { orderId: "order-1", amountCents: 4200, key: "k" };
    await sql("select private.open_order($1, 'operator', $2)", [JSON.stringify(payment), NOW]);
    const paid = {
      id: "pi_1",
      orderId: "order-1",
      status: "succeeded",
      amountCents: 4200,
      currency: "usd",
      state: {},
    };
    await sql("select apply_payment($1, $2)", [JSON.stringify(paid), NOW]);
  },
  "mail.reported": async () => {
    const [list] = await sql(
      "insert into email_lists (owner, name, created_at) values ('operator', $1, now()) returning id",
      [randomUUID()],
    );
    const [campaign] = await sql(
      `insert into campaigns (owner, list_id, name, subject, text, sender, status, created_at)
       values ('operator', $1, 'n', 's', 't', 'a@example.com', 'sending', now()) returning id`,
      [list.id],
    );
    const report = {
      outcome: "bounced",
      messageId: randomUUID(),
      address: "ada@example.com",
      at: NOW,
      note: "Permanent",
      campaignId: campaign.id,
    };
    await sql("select record_mail_report($1, $2)", [JSON.stringify(report), NOW]);
  },
  "user.updated": () => shop.call("PATCH", `/api/users/${randomUUID()}`, { name: "Ada" }),
};

test("each fact is in the catalog once, and has a case in this test", () => {
  expect(facts.map(({ type }) => type).toSorted()).toEqual(Object.keys(CAUSES).toSorted());
});

test.each(facts.map((fact) => [fact.type, fact] as const))(
  "%s is published, and delivered",
  async (type, fact) => {
    await sql("delete from webhook_messages");
    shop.received.length = 0;
    await CAUSES[type]?.();
    await CAUSES[type]?.();
    await shop.flush();
    await shop.settled();
    const messages = await sql("select type, data from webhook_messages where type = $1", [type]);
    // A payment is received once, however often the provider tells it.
    expect(messages).toHaveLength(
      type === "payment.succeeded" || type === "user.updated" ? messages.length : 2,
    );
    expect(messages.length).toBeGreaterThan(0);
    const schema = fact.schema instanceof z.ZodObject ? fact.schema.strict() : fact.schema;
    for (const { data } of messages) expect(schema.parse(data)).toEqual(data);
    const bodies = shop.received.map(({ body }) => JSON.parse(body));
    expect(bodies.filter(({ event }) => event === type)).toHaveLength(messages.length);
  },
);

test.each([
  ["campaign.failed", runCampaign],
  ["import.failed", runImport],
])("%s is published for each job that fails", async (type, run) => {
  await sql("delete from webhook_messages");
  await run("failed", "failed");
  expect(await sql("select from webhook_messages where type = $1", [type])).toHaveLength(2);
});

test("S2-22: the update of a user publishes user.updated once; an update without a change publishes nothing", async () => {
  const id = randomUUID();
  const change = (name: string) => shop.call("PATCH", `/api/users/${id}`, { name });
  const first = await change("Ada");
  expect(first).toMatchObject({
    status: 200,
    body: { status: "updated", user: { name: "Ada", revision: 1 } },
  });
  await change("Ada");
  expect(
    await sql(
      "select data ->> 'name' as name from webhook_messages where type = 'user.updated' and data ->> 'userId' = $1",
      [id],
    ),
  ).toEqual([{ name: "Ada" }]);
  expect((await change("Grace")).body.user.revision).toBe(2);
  expect(
    await sql("select from webhook_messages where type = 'user.updated' and data ->> 'userId' = $1", [id]),
  ).toHaveLength(2);
  expect((await shop.call("GET", `/api/users/${id}`)).body).toMatchObject({ id, name: "Grace" });
});

test("neither a job without an owner nor the jobs of the delivery lanes publish a fact", async () => {
  await sql("delete from webhook_messages");
  await insertJob(shop.database.sql, { owner: null, functionId: "x" }, NOW);
  const [{ id }] = await sql("select id from jobs where owner is null and function_id = 'x'");
  await end(id, "completed");
  expect(
    await sql("select from jobs where function_id = 'send-webhook' and status = 'completed'"),
  ).not.toEqual([]);
  expect(await sql("select from webhook_messages")).toEqual([]);
});
