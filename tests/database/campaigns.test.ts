import { randomUUID } from "node:crypto";
import pLimit from "p-limit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { campaignApiRepository } from "#campaigns/api-repository.ts";
import { sendCampaignRequested } from "#campaigns/events.ts";
import { planRepository } from "#campaigns/plan-repository.ts";
import { type Batch, campaignRepository, type Outcome } from "#campaigns/repository.ts";
import { sendPart } from "#campaigns/send-part.ts";
import { type Part, partsRepository } from "#jobs/parts-repository.ts";
import { request as requestFor } from "#jobs/request.ts";
import { createDatabase } from "#lib/database/client.ts";
import { createTokens } from "#lib/database/tokens.ts";
import { AppError, codeOf, type ErrorCode } from "#lib/errors.ts";
import type { Requester } from "#lib/http/route.ts";
import { listRepository } from "#lists/repository.ts";
import type { BatchAnswer, Mailer } from "#mail/mailer.ts";
import { createPace } from "#mail/pace.ts";
import { testImprint, testLinks } from "../support/broadcast.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
let lists: ReturnType<typeof listRepository>;
let api: ReturnType<typeof campaignApiRepository>;
let ledger: ReturnType<typeof campaignRepository>;
let plans: ReturnType<typeof planRepository>;
let parts: ReturnType<typeof partsRepository>;
let tokens: ReturnType<typeof createTokens>;
const now = new Date("2026-11-22T12:00:00Z");
const clock = { now: () => now };

beforeAll(async () => {
  db = await freshDatabase();
  const client = createDatabase(db.env, db.fetch);
  lists = listRepository(client, clock);
  api = campaignApiRepository(client, clock);
  ledger = campaignRepository(client, clock);
  plans = planRepository(client, clock);
  parts = partsRepository(client, clock);
  tokens = createTokens(client, clock);
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.sql.query("truncate private.token_buckets");
});

const LEASE_MS = 60_000;

async function listOf(count: number): Promise<string> {
  const { id } = await lists.create(randomUUID(), "alice", "People");
  const people = Array.from({ length: count }, (_, n) => ({ email: `p${n + 1}@example.com`, fields: { n } }));
  for (let from = 0; from < count; from += 1000)
    await lists.upsert(id, "alice", people.slice(from, from + 1000), false);
  return id;
}

const content = { subject: "S", text: "T", from: "a@example.com" };
const alice: Requester = { id: "key:a", role: "app", owner: "alice" };
const request = (campaignId: string) =>
  requestFor(sendCampaignRequested, { campaignId }, { requester: alice, key: undefined });

/** A planned campaign: batches of 10, parts of 20. */
async function planned(count: number) {
  const listId = await listOf(count);
  const id = await api.create(randomUUID(), "alice", { listId, ...content });
  const job = await api.acceptSend(id, "alice", request(id));
  const input = {
    campaignId: id,
    eventId: job.id,
    batchSize: 10,
    partSize: 20,
    piece: 40,
    imprint: testImprint,
  };
  let plan = await plans.planPiece(input);
  while (plan.state === "planning") plan = await plans.planPiece(input);
  return { id, listId, jobId: job.id, plan, input };
}

async function claim(jobId: string, part: number, claimant: string): Promise<Part> {
  const claimed = await parts.claim({ jobId, part, claimant: `${claimant} of ${jobId}`, leaseMs: LEASE_MS });
  if (claimed.state !== "claimed") throw new Error(`The part is ${claimed.state}`);
  return claimed;
}

async function take(part: Part, limit = 1, keysMs: { test?: number } = { test: 86_400_000 }) {
  const taken = await ledger.take(part, "test", limit, keysMs);
  return taken.state === "open" ? taken.batches : [];
}

const allSent = ({ batchNo, recipients }: Batch) => ({
  batchNo,
  sent: Object.fromEntries(recipients.map(([id]) => [id, `m${id}`])),
  failed: {},
});

describe("subscribers", () => {
  test("a repeated upload updates fields without reactivating subscribers, and the last of equal addresses wins", async () => {
    const listId = await listOf(2);
    const [first] = await lists.subscribers(listId, "alice", {}, 0, 10);
    await lists.setStatus(listId, "alice", first?.id ?? 0, "unsubscribed", "key:a");
    const upload = [
      { email: "P1@example.com", fields: { n: "old" } },
      { email: "p1@Example.com", fields: { n: "new" } },
      { email: "p3@example.com", fields: {} },
    ];
    expect(await lists.upsert(listId, "alice", upload, false)).toEqual({ created: 1, updated: 1 });
    expect(await lists.get(listId, "alice")).toMatchObject({ subscribers: { active: 2, unsubscribed: 1 } });
    const [again] = await lists.subscribers(listId, "alice", { status: "unsubscribed" }, 0, 10);
    expect(again).toMatchObject({ email: "p1@Example.com", fields: { n: "new" } });
  });

  test("a list of another owner is not found, but an administrator can read it", async () => {
    const listId = await listOf(1);
    await expect(lists.get(listId, "bob")).rejects.toMatchObject({ code: "not_found" });
    await expect(lists.upsert(listId, "bob", [], false)).rejects.toMatchObject({ code: "not_found" });
    expect(await lists.get(listId, null)).toMatchObject({ id: listId });
  });
});

describe("planning", () => {
  test("copies the active subscribers once, in id order, into batches and parts", async () => {
    const { id, plan, input } = await planned(95);
    expect(plan).toMatchObject({ state: "planned", parts: 5, recipients: 95 });
    expect(await plans.planPiece(input)).toMatchObject({ state: "planned", parts: 5, recipients: 95 });
    const { rows } = await db.sql.query(
      `select count(*)::int as sends, count(distinct batch_no)::int as batches, bool_and(s.subscriber_id between b.first_subscriber_id and b.last_subscriber_id) as fit
       from campaign_sends s join campaign_batches b using (campaign_id, batch_no) where campaign_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ sends: 95, batches: 10, fit: true }]);
  });

  test("leaves out subscribers that are not active", async () => {
    const listId = await listOf(5);
    await db.sql.query(
      "update email_subscribers set status = 'bounced' where list_id = $1 and email like 'p3@%'",
      [listId],
    );
    const id = await api.create(randomUUID(), "alice", { listId, ...content });
    const job = await api.acceptSend(id, "alice", request(id));
    const input = {
      campaignId: id,
      eventId: job.id,
      batchSize: 10,
      partSize: 20,
      piece: 40,
      imprint: testImprint,
    };
    await plans.planPiece(input);
    expect(await plans.planPiece(input)).toMatchObject({ state: "planned", recipients: 4 });
  });

  test("a second event for a campaign that is being sent learns which job sends it", async () => {
    const { input, jobId } = await planned(5);
    expect(await plans.planPiece({ ...input, eventId: "another" })).toEqual({ state: "taken", jobId });
  });

  test("an empty list completes the campaign and its job during planning", async () => {
    const { id, jobId } = await planned(0);
    expect(await api.get(id, "alice")).toMatchObject({ status: "completed" });
    const { rows } = await db.sql.query("select status from jobs where id = $1", [jobId]);
    expect(rows).toEqual([{ status: "completed" }]);
  });
});

describe("a campaign that was held before its plan was complete", () => {
  test("is planned to the end by the next job", async () => {
    const listId = await listOf(50);
    const id = await api.create(randomUUID(), "alice", { listId, ...content });
    const first = await api.acceptSend(id, "alice", request(id));
    const input = {
      campaignId: id,
      eventId: first.id,
      batchSize: 10,
      partSize: 20,
      piece: 20,
      imprint: testImprint,
    };
    expect(await plans.planPiece(input)).toMatchObject({ state: "planning" });
    await plans.hold(id, first.id, "not here");
    const second = await api.acceptSend(id, "alice", request(id));
    expect(second.id).not.toBe(first.id);
    const again = { ...input, eventId: second.id };
    while ((await plans.planPiece(again)).state === "planning");
    expect(await api.get(id, "alice")).toMatchObject({ status: "sending", counts: { recipients: 50 } });
  });
});

describe("taking batches", () => {
  test("a claim gets each batch once, even after putting it back; the next claim gets the unsettled batches again, marked as in doubt", async () => {
    const { jobId } = await planned(40);
    const part = await claim(jobId, 2, "run-1");
    const numbers = async (part: Part) =>
      (await take(part)).map(({ batchNo, inDoubt }) => [batchNo, inDoubt]);
    expect(await numbers(part)).toEqual([[3, false]]);
    expect(await numbers(part)).toEqual([[4, false]]);
    await ledger.settle(part, "test", [{ batchNo: 4, sent: {}, failed: {}, rest: "open" }]);
    expect(await numbers(part)).toEqual([]);
    const again = await claim(jobId, 2, "run-1");
    expect(await numbers(again)).toEqual([[3, true]]);
    expect(await numbers(again)).toEqual([[4, false]]);
  });

  test("the list of pending sends has those that are counted as pending, also while their part is claimed", async () => {
    const { id, jobId } = await planned(40);
    await take(await claim(jobId, 1, "run-1"));
    expect((await api.get(id, "alice")).counts).toMatchObject({ pending: 30, sending: 10 });
    const statuses = (await api.sends(id, "alice", "pending", 0, 100)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([...Array(10).fill("claimed"), ...Array(20).fill("pending")]);
    expect(await api.sends(id, "alice", "claimed", 0, 100)).toHaveLength(10);
  });

  test("a worker that lost its claim can neither take nor settle batches", async () => {
    const { id, jobId } = await planned(20);
    const zombie = await claim(jobId, 1, "run-1");
    const [batch] = await take(zombie);
    if (!batch) throw new Error("no batch");
    await claim(jobId, 1, "run-1");
    expect(await ledger.take(zombie, "test", 1, { test: 1 })).toEqual({ state: "lost" });
    expect(await ledger.settle(zombie, "test", [allSent(batch)])).toBe("lost");
    expect((await api.get(id, "alice")).counts).toMatchObject({ sent: 0, sending: 10 });
  });

  test("a batch in doubt becomes unknown when the provider takes no idempotency keys, or the key has expired", async () => {
    for (const takesKeys of [false, true]) {
      const { id, jobId } = await planned(20);
      await take(await claim(jobId, 1, "run-1"));
      const again = await claim(jobId, 1, "run-1");
      const [rest] = await take(again, 10, takesKeys ? { test: 0 } : {});
      expect(rest).toMatchObject({ batchNo: 2, inDoubt: false });
      expect((await api.get(id, "alice")).counts).toMatchObject({ unknown: 10, sending: 10 });
      expect(await api.sends(id, "alice", "unknown", 0, 1)).toMatchObject([
        { error_code: "outcome_unknown" },
        {},
      ]);
    }
  });

  test("leaves out recipients that became inactive after planning, except in batches that may have been sent", async () => {
    const { id, jobId, listId } = await planned(20);
    const part = await claim(jobId, 1, "run-1");
    await take(part);
    for (const email of ["p1@example.com", "p11@example.com"])
      await db.sql.query(
        "update email_subscribers set status = 'bounced' where list_id = $1 and email = $2",
        [listId, email],
      );
    const again = await claim(jobId, 1, "run-1");
    const batches = await take(again, 10);
    expect(batches.map(({ recipients }) => recipients.length)).toEqual([10, 9]);
    expect(await ledger.settle(again, "test", batches.map(allSent))).toBe("done");
    expect((await api.get(id, "alice")).counts).toMatchObject({ sent: 19, skipped: 1 });
  });
});

describe("an interrupted search for invalid addresses", () => {
  const refused = (code: ErrorCode): BatchAnswer => ({ kind: "refused", error: new AppError(code, "no") });

  /** Ten mails. The provider refuses every batch that contains p8, and our key after the second request. */
  async function search({ keysMs = 86_400_000, isLate = false, interrupt = (_jobId: string): unknown => 0 }) {
    const { id, jobId } = await planned(10);
    const part = await claim(jobId, 1, "run-1");
    let calls = 0;
    const mailer: Mailer = {
      account: "test",
      remembersKeysForMs: keysMs || undefined,
      sendBatch: async (mails) => {
        const to = mails.map((mail) => (JSON.parse(mail) as { to: string }).to);
        if (++calls === 2) await interrupt(jobId);
        if (calls > 2) return refused("provider_unauthorized");
        if (to.includes("p8@example.com")) return refused("invalid_recipient");
        return { kind: "taken", results: to.map((messageId) => ({ messageId })) };
      },
    };
    const pace = createPace({ tokens, clock, account: "test", perSecond: 0 });
    const deps = {
      campaigns: ledger,
      providers: [{ mailer, pace }],
      links: testLinks,
      inFlight: pLimit(1),
    };
    const worked = await sendPart(deps, part, { isLate: () => isLate && calls === 2 }).catch(codeOf);
    const { sent, failed, sending, unknown, pending } = (await api.get(id, "alice")).counts;
    return { sent, failed, sending, unknown, pending, calls, worked };
  }
  const pause = () => tokens.pause("mail:test", 60_000);
  const inDoubt = { sent: 0, failed: 0, sending: 10, unknown: 0, calls: 2 };
  const halfSent = { sent: 5, failed: 0, sending: 0, unknown: 0, pending: 5 };

  test("a rate limit pause makes the search wait, and no recipient fails", async () => {
    expect(await search({ interrupt: pause })).toMatchObject({ ...inDoubt, worked: { waitMs: 60_000 } });
  });

  test("the end of the step's time leaves the batch open for another step", async () => {
    expect(await search({ isLate: true })).toMatchObject({ ...inDoubt, worked: "open" });
  });

  test("a search that lost its claim to another run writes nothing", async () => {
    expect(await search({ interrupt: (jobId) => claim(jobId, 1, "run-1") })).toMatchObject({
      ...inDoubt,
      calls: 3,
      worked: "lost",
    });
  });

  test("without idempotency keys a refusal leaves recipients that got no mail open", async () => {
    const code = "provider_unauthorized";
    expect(await search({ keysMs: 0 })).toMatchObject({ ...halfSent, calls: 3, worked: code });
  });

  test("without idempotency keys a pause leaves recipients that got no mail open", async () => {
    expect(await search({ keysMs: 0, interrupt: pause })).toMatchObject({
      ...halfSent,
      worked: { waitMs: 60_000 },
    });
  });
});

describe("settling batches", () => {
  test("a repeated settle counts once, and the last batch ends the part, the campaign and the job", async () => {
    const { id, jobId } = await planned(40);
    for (const n of [1, 2]) {
      const part = await claim(jobId, n, `run-${n}`);
      const [first, second] = [await take(part), await take(part)];
      const settle = (batches: Batch[]) => ledger.settle(part, "test", batches.map(allSent));
      expect([await settle(first), await settle(first)]).toEqual(["open", "open"]);
      expect([await settle(second), await settle(second)]).toEqual(["done", "done"]);
    }
    expect(await api.get(id, "alice")).toMatchObject({
      status: "completed",
      counts: { sent: 40, pending: 0 },
    });
    const { rows } = await db.sql.query(
      "select status, progress_done, progress_total, result from jobs where id = $1",
      [jobId],
    );
    expect(rows).toMatchObject([
      {
        status: "completed",
        progress_done: "40",
        progress_total: "40",
        result: { campaignId: id, total: 40, sent: 40, failed: 0, skipped: 0, unknown: 0 },
      },
    ]);
  });

  test("two parts that end at the same moment end the campaign exactly once", async () => {
    const { jobId } = await planned(40);
    const calls: Promise<string>[] = [];
    for (const n of [1, 2]) {
      const part = await claim(jobId, n, `run-${n}`);
      for (const batch of await take(part, 10)) calls.push(ledger.settle(part, "test", [allSent(batch)]));
    }
    expect((await Promise.all(calls)).toSorted()).toEqual(["done", "done", "open", "open"]);
    const { rows } = await db.sql.query(
      "select count(*)::int as n from job_events where job_id = $1 and type = 'completed'",
      [jobId],
    );
    expect(rows).toEqual([{ n: 1 }]);
  });

  test("a batch cannot end while a recipient has no outcome, unless the rest is declared unknown", async () => {
    const { id, jobId } = await planned(10);
    const part = await claim(jobId, 1, "run-1");
    const [batch] = await take(part);
    const [first, second] = batch?.recipients ?? [];
    const noRecipient = { batchNo: 1, sent: {}, failed: {} };
    const oneSent = { ...noRecipient, sent: { [String(first?.[0])]: "m-1" } };
    const failed: Record<string, [string, string]> = { [String(second?.[0])]: ["invalid_recipient", "gone"] };
    const settle = (outcome: Outcome) => ledger.settle(part, "test", [outcome]);
    const unnamed = "campaign_batches_name_each_recipient_at_the_end";
    for (const outcome of [noRecipient, oneSent, { ...oneSent, failed }])
      await expect(settle(outcome)).rejects.toThrow(unnamed);
    expect(await settle({ ...oneSent, failed, rest: "provider_timeout" })).toBe("done");
    expect((await api.get(id, "alice")).counts).toMatchObject({ sent: 1, failed: 1, unknown: 8 });
    expect(await api.sends(id, "alice", "unknown", 0, 2)).toMatchObject([
      { error_code: "provider_timeout" },
      {},
      {},
    ]);
  });
});

describe("a campaign whose job failed", () => {
  test("another job takes over its plan and sends the rest", async () => {
    const { id, jobId, input } = await planned(40);
    const part = await claim(jobId, 1, "run-1");
    await ledger.settle(part, "test", (await take(part, 10)).map(allSent));
    await db.sql.query("select private.end_job($1, 'failed', null, '{}', $2)", [jobId, now]);
    expect(await api.get(id, "alice")).toMatchObject({ status: "failed" });
    const job = await api.acceptSend(id, "alice", request(id));
    expect(await plans.planPiece({ ...input, eventId: job.id })).toMatchObject({
      state: "planned",
      parts: 2,
    });
    expect(await parts.claim({ jobId, part: 2, claimant: "late", leaseMs: 1 })).toEqual({ state: "gone" });
    const rest = await claim(job.id, 2, "run-2");
    expect(await ledger.settle(rest, "test", (await take(rest, 10)).map(allSent))).toBe("done");
    expect(await api.get(id, "alice")).toMatchObject({ status: "completed", counts: { sent: 40 } });
  });

  test("cannot be sent again after its plan was deleted, because it is not known which recipients had a mail", async () => {
    const { id, jobId, input } = await planned(40);
    await db.sql.query("select private.end_job($1, 'failed', null, '{}', $2)", [jobId, now]);
    await db.sql.query("delete from jobs where id = $1", [jobId]);
    const job = await api.acceptSend(id, "alice", request(id));
    await expect(plans.planPiece({ ...input, eventId: job.id })).rejects.toMatchObject({ code: "conflict" });
  });
});

test("a campaign that an administrator writes belongs to its list's owner, also after a change of the list", async () => {
  const lists = await db.sql.query(
    "insert into email_lists (owner, name, created_at) values ('ann', 'A', now()), ('bob', 'B', now()) returning id",
  );
  const [anns, bobs] = lists.rows.map(({ id }) => String(id));
  const content = { subject: "S", text: "T", from: "a@example.com" };
  const id = await api.create(randomUUID(), null, { listId: anns ?? "", ...content });
  const readers = async () => {
    const seen: string[] = [];
    for (const owner of ["ann", "bob", "operator"]) {
      const read = api.get(id, owner).then(() => seen.push(owner));
      await read.catch((error: unknown) => expect(error).toMatchObject({ code: "not_found" }));
    }
    return seen;
  };
  expect(await readers()).toEqual(["ann"]);
  await api.update(id, null, { listId: bobs ?? "" });
  expect(await readers()).toEqual(["bob"]);
});

test("the content of a queued campaign cannot be changed", async () => {
  const { id } = await planned(1);
  await expect(api.update(id, "alice", { subject: "Other" })).rejects.toMatchObject({ code: "conflict" });
  const changedText = db.sql.query("update campaigns set html_as_text = 'Other' where id = $1", [id]);
  await expect(changedText).rejects.toThrow(/draft/);
});

describe("the text that is made from a campaign's HTML", () => {
  const create = (id: string, listId: string, htmlAsText?: string) =>
    db.sql.query("select create_campaign($1, 'alice', $2, now())", [
      id,
      { listId, subject: "S", html: "<p>T</p>", from: "a@example.com", htmlAsText },
    ]);

  test("is stored with the HTML, or neither is", async () => {
    const created = create(randomUUID(), await listOf(0));
    await expect(created).rejects.toThrow(/campaigns_have_a_text_part/);
  });

  test("may differ when a request is repeated after an update of the library", async () => {
    const [id, listId] = [randomUUID(), await listOf(0)];
    for (const text of ["T", "T\n"]) await create(id, listId, text);
    const { rows } = await db.sql.query("select html_as_text from campaigns where id = $1", [id]);
    expect(rows).toEqual([{ html_as_text: "T" }]);
  });
});
