import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { githubHeaders, stripeHeaders } from "../support/sign.ts";

const env = { STRIPE_WEBHOOK_SECRET: "whsec_stripe_new", GITHUB_WEBHOOK_SECRET: "github_secret" };
const INBOX = "/api/webhook-inbox";
let database: TestDatabase;
/** Its engine does not answer, so jobs wait until a test ends them. */
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, { env });
});
afterAll(() => database.close());

const rows = async (sql: string, ...values: unknown[]) => (await database.sql.query(sql, values)).rows;

async function github(type: string, more: object = {}): Promise<string> {
  const body = JSON.stringify({ nonce: randomUUID(), repository: { full_name: "ada/engine" }, ...more });
  return send("github", body, githubHeaders(body, env.GITHUB_WEBHOOK_SECRET, type));
}
async function stripe(type: string): Promise<string> {
  const object = { id: `pi_${randomUUID()}`, object: "payment_intent" };
  const event = {
    id: `evt_${randomUUID()}`,
    object: "event",
    type,
    created: 1_793_527_200,
    data: { object },
  };
  const body = JSON.stringify(event);
  return send("stripe", body, stripeHeaders(body, env.STRIPE_WEBHOOK_SECRET));
}
/** Returns the row's id. */
async function send(source: string, body: string, headers: Record<string, string>): Promise<string> {
  expect((await site.call("POST", `/api/webhooks/${source}`, { body, headers })).status).toBe(200);
  return (await rows("select id from webhook_inbox order by sequence desc limit 1"))[0].id;
}
const endJob = (id: string, status: string) =>
  rows("update jobs set status = $2, started_at = now(), ended_at = now() where id = $1", id, status);
const get = (path: string, as: "admin" | "ann" = "admin") => site.call("GET", `${INBOX}${path}`, { as });
const list = async (query: Record<string, string> = {}) => {
  const { status, body } = await get(`?${new URLSearchParams(query)}`);
  expect(status).toBe(200);
  return body;
};
const idsOf = async (query: Record<string, string> = {}): Promise<string[]> =>
  (await list(query)).items.map(({ id }: { id: string }) => id);

describe("the list of received webhooks", () => {
  let star: string;
  let push: string;
  let fork: string;
  let paid: string;
  let failed: string;
  beforeAll(async () => {
    star = await github("star");
    push = await github("push");
    fork = await github("fork");
    paid = await stripe("payment_intent.succeeded");
    failed = await stripe("payment_intent.succeeded");
    await rows("update webhook_inbox set verdict = 'applied', handled_at = now() where id = $1", star);
    // Its effect stays, although the job's last request failed.
    await endJob(star, "failed");
    await endJob(failed, "failed");
  });

  test("200: newest first, each with its status, its time and its job", async () => {
    const { items } = await list();
    expect(items.map(({ id, status }: { id: string; status: string }) => [id, status])).toEqual([
      [failed, "failed"],
      [paid, "waiting"],
      [fork, "ignored"],
      [push, "waiting"],
      [star, "applied"],
    ]);
    expect(items[1]).toMatchObject({
      source: "stripe",
      type: "payment_intent.succeeded",
      externalId: expect.stringMatching(/^evt_/),
      handledAt: null,
      links: { self: `${INBOX}/${paid}`, job: `/api/jobs/${paid}` },
    });
    expect(items[2].links.job).toBeNull();
  });

  test("200: each filter and their combinations", async () => {
    expect(await idsOf({ source: "stripe" })).toEqual([failed, paid]);
    expect(await idsOf({ type: "push" })).toEqual([push]);
    expect(await idsOf({ source: "stripe", type: "push" })).toEqual([]);
    expect(await idsOf({ status: "waiting" })).toEqual([paid, push]);
    expect(await idsOf({ status: "failed" })).toEqual([failed]);
    expect(await idsOf({ status: "ignored", source: "github" })).toEqual([fork]);
    expect(await idsOf({ status: "unreadable" })).toEqual([]);
  });

  test("200: pages follow each other, also when all webhooks arrived in the same moment", async () => {
    await rows("update webhook_inbox set received_at = now() - interval '1 day'");
    const queries: Record<string, string>[] = [{}, { source: "stripe" }, { status: "waiting" }];
    for (const query of queries) {
      const whole = await idsOf(query);
      const read: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await list({ ...query, limit: "1", ...(cursor === null ? {} : { cursor }) });
        read.push(...page.items.map(({ id }: { id: string }) => id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(read).toEqual(whole);
      expect(whole.length).toBeGreaterThan(1);
    }
  });

  test("200: the types that exist, with whether a replay can handle them", async () => {
    const { body } = await get("/types");
    expect(body.items).toEqual([
      { source: "github", type: "fork", isHandled: false },
      { source: "github", type: "push", isHandled: true },
      { source: "github", type: "star", isHandled: true },
      { source: "stripe", type: "payment_intent.succeeded", isHandled: true },
    ]);
  });

  test("200: one webhook with its headers and its body; a long body is cut and its size is told", async () => {
    const { body: short } = await get(`/${push}`);
    expect(short).toMatchObject({
      type: "push",
      object: "github:ada/engine",
      headers: { "x-github-event": "push" },
      isHandled: true,
    });
    expect(JSON.parse(short.body)).toMatchObject({ repository: { full_name: "ada/engine" } });
    expect(short.bodyBytes).toBe(short.body.length);
    expect(short.headers).not.toHaveProperty("x-hub-signature-256");

    const long = await github("star", { text: "é".repeat(70_000) });
    const { body } = await get(`/${long}`);
    expect(body.body).toHaveLength(65_536);
    expect(body.bodyBytes).toBeGreaterThan(140_000);
  });

  test("200: a webhook that waits for its replay is not failed by the end of its first job", async () => {
    const replayed = await stripe("payment_intent.succeeded");
    await rows("update webhook_inbox set replay_job_id = gen_random_uuid() where id = $1", replayed);
    await endJob(replayed, "canceled");
    expect((await get(`/${replayed}`)).body.status).toBe("waiting");
  });

  test("400, 403, 404: an unknown status, a key that is no administrator's, and a webhook that is gone", async () => {
    expect((await get("?status=received")).status).toBe(400);
    for (const path of ["", "/types", `/${push}`]) expect((await get(path, "ann")).status).toBe(403);
    expect((await get(`/${randomUUID()}`)).status).toBe(404);
  });
});
