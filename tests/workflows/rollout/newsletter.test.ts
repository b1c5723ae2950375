/** The flag `async_newsletter`: the queue, or the request itself. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse } from "../../support/campaign-house.ts";

let house: CampaignHouse;
/** Called before every request to the mail provider. */
let beforeMail: () => void | Promise<void> = () => {};
beforeAll(async () => {
  house = await campaignHouse({ env: { MAIL_REQUESTS_PER_SECOND: "0" }, beforeMail: () => beforeMail() });
});
afterAll(() => house.close());
beforeEach(async () => {
  beforeMail = () => {};
  await house.control("faults", { rules: [] });
});

const admin = { as: "admin" } as const;
const setFlag = async (changes: object) => {
  const { status, body } = await house.call("PUT", "/api/flags/async_newsletter", changes, admin);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
const send = (campaignId: string) => house.call("POST", "/api/newsletter", { campaignId });
const statusOf = async (id: string) => (await house.call("GET", `/api/campaigns/${id}`)).body.status;
const completed = (id: string) =>
  house.engine.waitFor(async () => (await statusOf(id)) === "completed", { within: "1d" });
const rows = async (sql: string, values: unknown[] = []) => (await house.db.sql.query(sql, values)).rows;
const decisionOf = async (id: string) =>
  (await rows("select way, reason, key from flag_decisions where subject = $1", [id]))[0];
/** The mails of each recipient that the provider accepted. */
const accepted = async () => (await house.control("stats")).accepted ?? 0;
const runsOf = (jobId: string) => rows("select run_id from job_runs where job_id = $1", [jobId]);

test("S4-64: without the flag everything is queued, and the answer has the job to poll", async () => {
  const { campaignId } = await house.draft(2);
  const { status, body } = await send(campaignId);
  expect([status, body]).toMatchObject([202, { status: "queued", jobId: expect.any(String), queued: true }]);
  expect(await decisionOf(campaignId)).toBeUndefined();
  await completed(campaignId);
});

test("S4-66: a new flag is on for 10 %", async () => {
  expect(await setFlag({})).toMatchObject({
    isOn: true,
    percentage: 10,
    allowed: [],
    environment: "development",
  });
});

test("S4-64: the flag decides between the queue and the request, and both send each mail once", async () => {
  await setFlag({ percentage: 100 });
  const queued = await house.draft(5);
  const before = await accepted();
  const first = await send(queued.campaignId);
  expect([first.status, first.body.status]).toEqual([202, "queued"]);
  await completed(queued.campaignId);
  expect(await decisionOf(queued.campaignId)).toEqual({ way: "queue", reason: "percentage", key: "alice" });
  expect(await accepted()).toBe(before + 5);

  await setFlag({ isOn: false });
  const sync = await house.draft(5);
  const second = await send(sync.campaignId);
  expect([second.status, second.body]).toMatchObject([
    200,
    { status: "sent", queued: false, subscriberCount: 5 },
  ]);
  expect(await statusOf(sync.campaignId)).toBe("completed");
  expect(await decisionOf(sync.campaignId)).toEqual({ way: "sync", reason: "off", key: "alice" });
  await house.engine.advance("10m");
  await house.app.keepHouse();
  await house.engine.advance("10m");
  expect(await accepted()).toBe(before + 10);
  expect(await runsOf(second.body.jobId)).toEqual([]);
  expect((await house.call("GET", `/api/jobs/${second.body.jobId}`)).body).toMatchObject({
    status: "completed",
    result: { sent: 5 },
  });
  // Whatever the flag says now, the campaign is not sent again.
  await setFlag({ isOn: true });
  expect((await send(sync.campaignId)).status).toBe(409);
  expect(await accepted()).toBe(before + 10);
});

test("S4-64: a newsletter by its content takes the way of the flag, once for each Idempotency-Key", async () => {
  await setFlag({ isOn: false });
  const { listId } = await house.draft(3);
  const content = { listId, subject: "Now", html: "<p>Now</p>", from: "Ada <ada@example.com>" };
  const before = await accepted();
  const post = () =>
    house.call("POST", "/api/newsletter", content, { headers: { "idempotency-key": "once" } });
  const [first, second] = [await post(), await post()];
  expect([first.status, first.body.status]).toEqual([200, "sent"]);
  expect(second.body).toEqual(first.body);
  expect(await accepted()).toBe(before + 3);
});

test("an audience that is too large for a request is queued", async () => {
  await setFlag({ isOn: false });
  const { campaignId } = await house.draft(101);
  expect((await send(campaignId)).status).toBe(202);
  expect(await decisionOf(campaignId)).toMatchObject({ way: "queue", reason: "audience" });
  await completed(campaignId);
});

test("while campaigns are paused, a newsletter waits in the queue with each setting of the flag", async () => {
  await setFlag({ isOn: false });
  const { campaignId } = await house.draft(2);
  const before = await accepted();
  await house.call("POST", "/api/functions/send-email-campaign/pause", undefined, admin);
  expect((await send(campaignId)).status).toBe(202);
  expect(await decisionOf(campaignId)).toMatchObject({ way: "queue", reason: "paused" });
  await house.engine.advance("5m");
  await house.app.keepHouse();
  expect(await accepted()).toBe(before);
  await house.call("POST", "/api/functions/send-email-campaign/resume", undefined, admin);
  await completed(campaignId);
  expect(await accepted()).toBe(before + 2);
});

test("the allow list, the environment and other owners: the flag is asked for the owner of this environment", async () => {
  await setFlag({ isOn: true, percentage: 0, allowed: ["alice"] });
  await rows("insert into flags values ('async_newsletter', 'production', false, 0, '{}', now())");
  const { campaignId } = await house.draft(2);
  expect((await send(campaignId)).status).toBe(202);
  expect(await decisionOf(campaignId)).toMatchObject({ way: "queue", reason: "allowed" });
  await setFlag({ allowed: [] });
  const other = await house.draft(2);
  expect((await send(other.campaignId)).status).toBe(200);
  // Otherwise the next tests count its mails.
  await completed(campaignId);
});

test("what a request could not send, the queue sends: each mail once", async () => {
  await setFlag({ isOn: false });
  const { campaignId } = await house.draft(4);
  const before = await accepted();
  await house.control("faults", { rules: [{ status: 503 }] });
  const { status, body } = await send(campaignId);
  expect([status, body.status]).toEqual([202, "queued"]);
  await house.control("faults", { rules: [] });
  // Before the request's claim on the part would have ended.
  await house.engine.waitFor(async () => (await statusOf(campaignId)) === "completed", { within: "90s" });
  expect(await accepted()).toBe(before + 4);
  expect(await decisionOf(campaignId)).toMatchObject({ way: "sync" });
  const { body: flag } = await house.call("GET", "/api/flags/async_newsletter", undefined, admin);
  expect(flag.ways.sync.handedOver).toBe(1);
});

test("a request that dies before its decision, or while it sends, leaves its work to the queue", async () => {
  await setFlag({ isOn: false });
  const before = await accepted();
  for (const dieAt of ["the decision", "the sending"]) {
    const { campaignId } = await house.draft(3);
    if (dieAt === "the decision") {
      await rows("alter table flag_decisions rename to gone");
      expect((await send(campaignId)).status).toBe(500);
      await rows("alter table gone rename to flag_decisions");
    } else {
      // The database goes away with the process, so that it can give nothing back.
      beforeMail = () => {
        house.down.database = true;
      };
      await send(campaignId);
      beforeMail = () => {};
      house.down.database = false;
    }
    expect(await statusOf(campaignId)).not.toBe("completed");
    await house.engine.advance("5m");
    await house.app.keepHouse();
    await completed(campaignId);
  }
  expect(await accepted()).toBe(before + 6);
});

test("two requests at once: one sends, the other leaves it the work", async () => {
  await setFlag({ isOn: false });
  const { campaignId } = await house.draft(3);
  const before = await accepted();
  let other: Promise<{ status: number }> | undefined;
  beforeMail = async () => {
    other ??= send(campaignId);
    await other;
  };
  expect((await send(campaignId)).status).toBe(200);
  expect((await other)?.status).toBe(202);
  const [{ released_at }] = await rows(
    "select released_at from jobs join flag_decisions on job_id = jobs.id where subject = $1",
    [campaignId],
  );
  expect(released_at).toBeNull();
  expect(await accepted()).toBe(before + 3);
});

test("another process follows a change of the flag within 5 seconds", async () => {
  await setFlag({ isOn: true, percentage: 100 });
  await send((await house.draft(1)).campaignId);
  await rows("update flags set is_on = false where environment = 'development'");
  expect((await send((await house.draft(1)).campaignId)).status).toBe(202);
  await house.engine.advance("6s");
  expect((await send((await house.draft(1)).campaignId)).status).toBe(200);
});

test("only administrators read and change flags, and each change is in the audit log", async () => {
  for (const [method, path] of [
    ["GET", "/api/flags"],
    ["GET", "/api/flags/async_newsletter"],
    ["PUT", "/api/flags/async_newsletter"],
    ["DELETE", "/api/flags/async_newsletter"],
  ] as const)
    expect((await house.call(method, path, method === "PUT" ? {} : undefined)).status).toBe(403);
  await setFlag({ percentage: 30 });
  const { body } = await house.call("GET", "/api/audit-logs?limit=1", undefined, admin);
  expect(body.items[0]).toMatchObject({
    action: "PUT /api/flags/:name",
    target: { name: "async_newsletter" },
  });
  expect((await house.call("GET", "/api/flags", undefined, admin)).body.items).toHaveLength(1);
});

test("a flag compares both ways since it was changed, by what the ledger knows", async () => {
  const flag = async () => (await house.call("GET", "/api/flags/async_newsletter", undefined, admin)).body;
  await house.engine.advance("1m");
  await setFlag({ isOn: true, percentage: 30, allowed: ["alice"] });
  const { campaignId } = await house.draft(1);
  await send(campaignId);
  await completed(campaignId);
  const none = { decided: 0, ended: 0, failed: 0, handedOver: 0, p50Ms: null, p95Ms: null };
  const one = { decided: 1, ended: 1, failed: 0, handedOver: 0, p50Ms: expect.any(Number) };
  expect((await flag()).ways).toMatchObject({ queue: one, sync: none });
  // What went by the earlier setting says nothing about the new one.
  await house.engine.advance("1m");
  await setFlag({ isOn: false, allowed: [] });
  await send((await house.draft(1)).campaignId);
  const { ways, advice } = await flag();
  expect(ways).toMatchObject({ queue: none, sync: { ...one, p95Ms: expect.any(Number) } });
  expect(advice.next).toBe("wait");
  await house.engine.advance("8d");
  expect((await flag()).ways).toEqual({ queue: none, sync: none });
});

test("S4-67: when the flag is deleted, everything is queued", async () => {
  await setFlag({ isOn: false });
  expect((await send((await house.draft(1)).campaignId)).status).toBe(200);
  expect((await house.call("DELETE", "/api/flags/async_newsletter", undefined, admin)).status).toBe(204);
  expect((await house.call("GET", "/api/flags/async_newsletter", undefined, admin)).status).toBe(404);
  expect((await house.call("DELETE", "/api/flags/async_newsletter", undefined, admin)).status).toBe(404);
  const { campaignId } = await house.draft(2);
  expect((await send(campaignId)).status).toBe(202);
  expect(await decisionOf(campaignId)).toBeUndefined();
  await completed(campaignId);
});

test("decisions are deleted after 90 days", async () => {
  await rows("update flag_decisions set decided_at = decided_at - interval '91 days'");
  await house.app.keepHouse();
  expect(await rows("select from flag_decisions")).toEqual([]);
});

test("S4-66: the commands of docs/rollout.md make the flag at 10 %, raise it, turn it back and delete it", async () => {
  await rows("delete from flags");
  const guide = readFileSync(join(import.meta.dirname, "../../../docs/rollout.md"), "utf8").replaceAll(
    "\\\n",
    "",
  );
  const commands = [...guide.matchAll(/^curl -X (\w+) .*?(?:-d '(.+?)')?\s+http:\/\/localhost:8888(\S+)/gm)];
  const answers: unknown[] = [];
  for (const [, method = "", body, path = ""] of commands) {
    const answer = await house.call(method, path, body === undefined ? undefined : JSON.parse(body), admin);
    answers.push([method, answer.status, answer.body?.isOn, answer.body?.percentage]);
  }
  expect(answers).toEqual([
    ["PUT", 200, true, 10],
    ["PUT", 200, true, 25],
    ["PUT", 200, false, 25],
    ["DELETE", 204, undefined, undefined],
  ]);
  expect(await rows("select from flags where environment = 'development'")).toEqual([]);
});
