import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { campaignDesk } from "#campaigns/desk-repository.ts";
import { sendCampaignRequested } from "#campaigns/events.ts";
import { Permits } from "#campaigns/permits.ts";
import {
  type BatchRef,
  type Claim,
  campaignRepository,
  type Pace,
  type Settlement,
} from "#campaigns/repository.ts";
import { runLane } from "#campaigns/send-lane.ts";
import { Spacing } from "#campaigns/spacing.ts";
import { Tally } from "#campaigns/tally.ts";
import { request as requestFor } from "#jobs/request.ts";
import { createDatabase } from "#lib/database/client.ts";
import { AppError, type ErrorCode } from "#lib/errors.ts";
import type { Requester } from "#lib/http/route.ts";
import { listRepository } from "#lists/repository.ts";
import type { BatchAnswer, Mailer } from "#mail/mailer.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
let lists: ReturnType<typeof listRepository>;
let desk: ReturnType<typeof campaignDesk>;
let ledger: ReturnType<typeof campaignRepository>;
let now = new Date("2026-11-22T12:00:00Z");
const clock = { now: () => now };

beforeAll(async () => {
  db = await freshDatabase();
  const client = createDatabase(db.env, db.fetch);
  lists = listRepository(client, clock);
  desk = campaignDesk(client, clock);
  ledger = campaignRepository(client, clock, 0);
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.sql.query("delete from mail_provider_accounts");
});

const LEASE_MS = 60_000;
const free: Pace = { account: "test", intervalMs: 0, patienceMs: 5000, slot: null };
const later = (ms: number) => {
  now = new Date(now.getTime() + ms);
};

async function listOf(count: number): Promise<string> {
  const { id } = await lists.create("alice", "People");
  const people = Array.from({ length: count }, (_, n) => ({ email: `p${n + 1}@example.com`, fields: { n } }));
  for (let from = 0; from < count; from += 1000)
    await lists.upsert(id, "alice", people.slice(from, from + 1000), false);
  return id;
}

const content = { subject: "S", text: "T", from: "a@example.com" };
const alice: Requester = { id: "key:a", role: "app", owner: "alice" };
const request = (campaignId: string) =>
  requestFor(sendCampaignRequested, { campaignId }, { requester: alice, key: undefined });

/** A campaign whose plan stands: batches of 10, chunks of 20. */
async function planned(count: number) {
  const listId = await listOf(count);
  const id = await desk.create("alice", "alice", { listId, ...content });
  const job = await desk.acceptSend(id, "alice", request(id));
  const input = { campaignId: id, eventId: job.id, batchSize: 10, chunkSize: 20, piece: 40 };
  let plan = await ledger.planPiece(input);
  while (plan.state === "planning") plan = await ledger.planPiece(input);
  return { id, listId, jobId: job.id, plan, input };
}

async function claim(id: string, chunk: number, claimant: string) {
  const claimed: Claim = await ledger.claimChunk({ campaignId: id, chunk }, claimant, LEASE_MS);
  if (claimed.state !== "claimed") throw new Error(`The chunk is ${claimed.state}`);
  return claimed;
}

/** Marks a batch; its recipients come with the answer. */
async function marked(ref: BatchRef) {
  const mark = await ledger.markBatch(ref, false, free);
  if (mark.state !== "sending") throw new Error(`The batch is ${mark.state}`);
  return { batchNo: ref.batchNo, recipients: mark.recipients };
}

const settledWith = ({ batchNo, recipients }: { batchNo: number; recipients: { id: number }[] }) => ({
  batchNo,
  sent: Object.fromEntries(recipients.map(({ id }) => [id, `m${id}`])),
  failed: {},
});

describe("subscribers", () => {
  test("an upload again renews fields and resurrects nobody; the last of equal addresses wins", async () => {
    const listId = await listOf(2);
    const [first] = await lists.subscribers(listId, "alice", undefined, 0, 10);
    await lists.setStatus(listId, "alice", first?.id ?? 0, "unsubscribed");
    const upload = [
      { email: "P1@example.com", fields: { n: "old" } },
      { email: "p1@Example.com", fields: { n: "new" } },
      { email: "p3@example.com", fields: {} },
    ];
    expect(await lists.upsert(listId, "alice", upload, false)).toEqual({ created: 1, updated: 1 });
    expect(await lists.get(listId, "alice")).toMatchObject({ subscribers: { active: 2, unsubscribed: 1 } });
    const [again] = await lists.subscribers(listId, "alice", "unsubscribed", 0, 10);
    expect(again).toMatchObject({ email: "p1@Example.com", fields: { n: "new" } });
  });

  test("somebody else's list does not exist; for an administrator it does", async () => {
    const listId = await listOf(1);
    await expect(lists.get(listId, "bob")).rejects.toMatchObject({ code: "not_found" });
    await expect(lists.upsert(listId, "bob", [], false)).rejects.toMatchObject({ code: "not_found" });
    expect(await lists.get(listId, null)).toMatchObject({ id: listId });
  });
});

describe("planning", () => {
  test("copies the active audience once, in id order, into batches and chunks, piece by piece", async () => {
    const { id, plan, input } = await planned(95);
    expect(plan).toMatchObject({ state: "planned", chunks: 5, recipients: 95 });
    expect(await ledger.planPiece(input)).toMatchObject({ state: "planned", chunks: 5, recipients: 95 });
    const { rows } = await db.sql.query(
      `select count(*)::int as sends, count(distinct batch_no)::int as batches, bool_and(s.subscriber_id between b.first_subscriber_id and b.last_subscriber_id) as fit
       from campaign_sends s join campaign_batches b using (campaign_id, batch_no) where campaign_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ sends: 95, batches: 10, fit: true }]);
  });

  test("leaves out who is not active", async () => {
    const listId = await listOf(5);
    await db.sql.query(
      "update email_subscribers set status = 'bounced' where list_id = $1 and email like 'p3@%'",
      [listId],
    );
    const id = await desk.create("alice", "alice", { listId, ...content });
    const job = await desk.acceptSend(id, "alice", request(id));
    const input = { campaignId: id, eventId: job.id, batchSize: 10, chunkSize: 20, piece: 40 };
    await ledger.planPiece(input);
    expect(await ledger.planPiece(input)).toMatchObject({ recipients: 4 });
  });

  test("a second event for a campaign that is being sent finds it taken", async () => {
    const { input, jobId } = await planned(5);
    expect(await ledger.planPiece({ ...input, eventId: "another" })).toEqual({ state: "taken", jobId });
  });

  test("an empty list completes campaign and job in the planning statement", async () => {
    const { id, jobId } = await planned(0);
    expect(await desk.get(id, "alice")).toMatchObject({ status: "completed" });
    const { rows } = await db.sql.query("select status from jobs where id = $1", [jobId]);
    expect(rows).toEqual([{ status: "completed" }]);
  });
});

describe("a campaign that was held half planned", () => {
  test("is sent by the next job that is asked for", async () => {
    const listId = await listOf(50);
    const id = await desk.create("alice", "alice", { listId, ...content });
    const first = await desk.acceptSend(id, "alice", request(id));
    const input = { campaignId: id, eventId: first.id, batchSize: 10, chunkSize: 20, piece: 20 };
    expect(await ledger.planPiece(input)).toMatchObject({ state: "planning" });
    await ledger.hold(id, first.id, "not here");
    const second = await desk.acceptSend(id, "alice", request(id));
    expect(second.id).not.toBe(first.id);
    const again = { ...input, eventId: second.id };
    while ((await ledger.planPiece(again)).state === "planning");
    expect(await desk.get(id, "alice")).toMatchObject({ status: "sending", counts: { recipients: 50 } });
  });
});

describe("a claim", () => {
  test("is exclusive among claimants until its lease ends; the same claimant gets it back under a new token", async () => {
    const { id } = await planned(20);
    const first = await claim(id, 1, "run-1");
    expect(await ledger.claimChunk({ campaignId: id, chunk: 1 }, "run-2", LEASE_MS)).toMatchObject({
      state: "busy",
    });
    const again = await claim(id, 1, "run-1");
    expect(again.token).not.toBe(first.token);
    later(LEASE_MS + 1);
    expect((await claim(id, 1, "run-2")).token).not.toBe(again.token);
  });

  test("a zombie neither marks nor settles", async () => {
    const { id } = await planned(20);
    const zombie = await claim(id, 1, "run-1");
    const [batch] = zombie.batches;
    if (!batch) throw new Error("no batch");
    const ref: BatchRef = { campaignId: id, token: zombie.token, batchNo: batch.batchNo };
    const mine = await marked(ref);
    await claim(id, 1, "run-1");
    expect(await ledger.markBatch({ ...ref, batchNo: 2 }, false, free)).toEqual({ state: "lost" });
    expect(await ledger.settleBatch(ref, settledWith(mine))).toBe(false);
    expect((await desk.get(id, "alice")).counts).toMatchObject({ sent: 0, sending: 10 });
  });

  test("a batch in doubt is marked again only by who says so", async () => {
    const { id } = await planned(10);
    const first = await claim(id, 1, "run-1");
    await ledger.markBatch({ campaignId: id, token: first.token, batchNo: 1 }, false, free);
    const second = await claim(id, 1, "run-1");
    expect(second.batches).toMatchObject([{ status: "sending", firstSendingAt: expect.any(String) }]);
    const ref = { campaignId: id, token: second.token, batchNo: 1 };
    expect(await ledger.markBatch(ref, false, free)).toEqual({ state: "lost" });
    expect(await ledger.markBatch(ref, true, free)).toMatchObject({ state: "sending" });
  });
});

test("trouble is counted per run, from the last batch that was settled", async () => {
  const { id } = await planned(20);
  const meetTrouble = async (claimant: string, sending?: number) => {
    const { token } = await claim(id, 1, claimant);
    if (sending !== undefined) {
      const ref = { campaignId: id, token, batchNo: sending };
      await ledger.settleBatch(ref, settledWith(await marked(ref)));
    }
    return ledger.releaseChunk({ campaignId: id, chunk: 1 }, token);
  };
  expect([await meetTrouble("run-1"), await meetTrouble("run-1")]).toEqual([1, 2]);
  expect(await meetTrouble("run-1", 1)).toBe(1);
  expect([await meetTrouble("run-1"), await meetTrouble("run-2")]).toEqual([2, 1]);
});

describe("a search for bad addresses that is interrupted", () => {
  const refused = (code: ErrorCode): BatchAnswer => ({ kind: "refused", error: new AppError(code, "no") });

  /** Ten mails; the provider takes no batch with p8 in it, and our key no more after the second request. */
  async function search({ keysMs = 86_400_000, isLate = false, interrupt = (_id: string): unknown => 0 }) {
    const { id } = await planned(10);
    const { token, batches } = await claim(id, 1, "run-1");
    let calls = 0;
    const mailer: Mailer = {
      account: "test",
      remembersKeysForMs: keysMs || undefined,
      write: ({ to }) => to,
      sendBatch: async ({ bytes }) => {
        if (++calls === 2) await interrupt(id);
        if (calls > 2) return refused("provider_unauthorized");
        const to = z.array(z.string()).parse(JSON.parse(bytes.toString()));
        if (to.includes("p8@example.com")) return refused("invalid_recipient");
        return { kind: "taken", results: to.map((messageId) => ({ messageId })) };
      },
    };
    const tally = new Tally();
    const waiting = batches.values();
    const permits = { wire: new Permits(1), deck: new Permits(1), intervalMs: 0, spacing: new Spacing(0) };
    await runLane(
      { campaigns: ledger, mailer, clock, ...permits },
      {
        campaignId: id,
        token,
        render: ({ email }) => ({ mail: JSON.stringify(email) }),
        isLate: () => isLate && calls === 2,
      },
      tally,
      () => waiting.next().value,
    );
    const { sent, failed, sending, unknown } = (await desk.get(id, "alice")).counts;
    const rest = await desk.sends(id, "alice", "failed", 0, 1);
    const { waitMs, stop, error } = tally;
    return {
      sent,
      failed,
      sending,
      unknown,
      calls,
      waitMs,
      stop,
      error: error?.code,
      code: rest[0]?.error_code,
    };
  }
  const pause = () =>
    db.sql.query("insert into mail_provider_accounts (account, paused_until) values ('test', $1)", [
      new Date(now.getTime() + 60_000),
    ]);
  const cancel = (id: string) =>
    db.sql.query("update campaigns set status = 'canceled', ended_at = now() where id = $1", [id]);
  const inDoubt = { sent: 0, failed: 0, sending: 10, unknown: 0, calls: 2, error: undefined };
  const halfSent = { sent: 5, failed: 5, sending: 0, unknown: 0 };

  test("by silence that the provider asked another chunk for: it waits, and fails nobody", async () => {
    expect(await search({ interrupt: pause })).toMatchObject({ ...inDoubt, waitMs: 60_000 });
  });

  test("by the end of the step's time: another step goes on", async () => {
    expect(await search({ isLate: true })).toMatchObject({ ...inDoubt, waitMs: 0, stop: undefined });
  });

  test("by another claim: it writes nothing", async () => {
    expect(await search({ interrupt: (id) => claim(id, 1, "run-1") })).toMatchObject({
      ...inDoubt,
      stop: "lost",
    });
  });

  test("by a cancel: what was sent is written down, and the rest was not", async () => {
    expect(await search({ interrupt: cancel })).toMatchObject({
      ...halfSent,
      calls: 2,
      code: "canceled",
      stop: "canceled",
      error: undefined,
    });
  });

  test("without keys by a refusal: nobody is unknown who was certainly not sent to", async () => {
    const code = "provider_unauthorized";
    expect(await search({ keysMs: 0 })).toMatchObject({ ...halfSent, calls: 3, code, error: code });
  });

  test("without keys by silence: the same", async () => {
    expect(await search({ keysMs: 0, interrupt: pause })).toMatchObject({
      ...halfSent,
      code: "provider_rate_limited",
      waitMs: 60_000,
    });
  });
});

describe("settling", () => {
  test("counts once however often it is told, and the last batch closes chunk, campaign and job", async () => {
    const { id, jobId } = await planned(40);
    for (const chunk of [1, 2]) {
      const { token, batches } = await claim(id, chunk, `run-${chunk}`);
      for (const batch of batches) {
        const ref = { campaignId: id, token, batchNo: batch.batchNo };
        const mine = await marked(ref);
        expect(await ledger.settleBatch(ref, settledWith(mine))).toBe(true);
        expect(await ledger.settleBatch(ref, settledWith(mine))).toBe(true);
      }
    }
    expect(await desk.get(id, "alice")).toMatchObject({
      status: "completed",
      counts: { sent: 40, pending: 0 },
    });
    const { rows } = await db.sql.query(
      "select status, progress_done, progress_total, result from jobs where id = $1",
      [jobId],
    );
    expect(rows).toMatchObject([
      { status: "completed", progress_done: "40", progress_total: "40", result: { sent: 40 } },
    ]);
  });

  test("two chunks that end at the same moment close the campaign exactly once", async () => {
    const { id, jobId } = await planned(40);
    const calls: Promise<boolean>[] = [];
    const clients = [1, 2].map(() => campaignRepository(createDatabase(db.env, db.fetch), clock, 0));
    for (const [index, client] of clients.entries()) {
      const { token, batches } = await claim(id, index + 1, `run-${index}`);
      for (const batch of batches) {
        const ref = { campaignId: id, token, batchNo: batch.batchNo };
        const mine = await marked(ref);
        calls.push(client.settleBatch(ref, settledWith(mine)));
      }
    }
    expect(await Promise.all(calls)).toEqual([true, true, true, true]);
    const { rows } = await db.sql.query(
      "select count(*)::int as n from job_events where job_id = $1 and type = 'completed'",
      [jobId],
    );
    expect(rows).toEqual([{ n: 1 }]);
  });

  test("a statement that settles several batches keeps nobody from closing another chunk", async () => {
    const { id } = await planned(60);
    const callsOf = async (chunk: number, count: number) => {
      const { token, batches } = await claim(id, chunk, "run-1");
      const calls = [];
      for (const { batchNo } of batches.slice(0, count)) {
        const mine = await marked({ campaignId: id, token, batchNo });
        calls.push({ number: calls.length, campaignId: id, token, settled: settledWith(mine) });
      }
      return JSON.stringify(calls);
    };
    const settle = "select work_campaign_batches($1, now()) as answers";
    const [first, second] = [await callsOf(1, 2), await callsOf(2, 2)];
    const [one, other] = [await db.sql.connect(), await db.sql.connect()];
    try {
      await one.query("begin");
      await one.query(
        "update campaign_chunks set attempts = attempts where campaign_id = $1 and chunk_no = 1",
        [id],
      );
      // The second change of a row within a transaction has its foreign key checked: the campaign is share-locked.
      await one.query(
        "update campaign_chunks set attempts = attempts where campaign_id = $1 and chunk_no = 1",
        [id],
      );
      await other.query("set lock_timeout = '2s'");
      expect((await other.query(settle, [second])).rows[0].answers).toEqual([
        { state: "settled" },
        { state: "settled" },
      ]);
      expect((await one.query(settle, [first])).rows[0].answers).toHaveLength(2);
      await one.query("commit");
    } finally {
      one.release(true);
      other.release(true);
    }
  });

  test("somebody who is named neither as sent nor as failed is a mistake, unless all doubt is declared", async () => {
    const { id } = await planned(10);
    const { token } = await claim(id, 1, "run-1");
    const ref = { campaignId: id, token, batchNo: 1 };
    const [first, second] = (await marked(ref)).recipients;
    const nobody = { batchNo: 1, sent: {}, failed: {} };
    const oneSent = { ...nobody, sent: { [String(first?.id)]: "m-1" } };
    const failed: Settlement["failed"] = { [String(second?.id)]: ["invalid_recipient", "gone"] };
    await expect(ledger.settleBatch(ref, nobody)).rejects.toThrow("sent_under_an_id");
    await expect(ledger.settleBatch(ref, oneSent)).rejects.toThrow("sent_under_an_id");
    await expect(ledger.settleBatch(ref, { ...oneSent, failed })).rejects.toMatchObject({
      code: "invalid_request",
    });
    expect(await ledger.settleBatch(ref, { ...nobody, unknownCode: "provider_timeout" })).toBe(true);
    expect(await desk.sends(id, "alice", "unknown", 0, 2)).toMatchObject([
      { error_code: "provider_timeout" },
      {},
      {},
    ]);
  });
});

describe("the pace", () => {
  test("gives each request a place in time, and silence is for everybody", async () => {
    const { id } = await planned(40);
    const { token } = await claim(id, 1, "run-1");
    const paced = { ...free, intervalMs: 200 };
    const mark = (batchNo: number, slot: string | null = null) =>
      ledger.markBatch({ campaignId: id, token, batchNo }, false, { ...paced, slot });
    expect(await mark(1)).toMatchObject({ state: "sending" });
    const second = await mark(2);
    expect(second).toMatchObject({ state: "wait", waitMs: 200 });
    later(200);
    expect(await mark(2, second.state === "wait" ? second.slot : null)).toMatchObject({ state: "sending" });

    await ledger.releaseBatch({ campaignId: id, token, batchNo: 2 }, false, "test", 3_000);
    expect(await ledger.markBatch({ campaignId: id, token, batchNo: 2 }, false, free)).toMatchObject({
      state: "wait",
      waitMs: 3000,
    });
    expect(await mark(2)).toMatchObject({ state: "wait", waitMs: 3000 });
    expect(await mark(2)).toMatchObject({ state: "wait", waitMs: 3200 });
    await ledger.releaseBatch({ campaignId: id, token, batchNo: 2 }, false, "test", 60_000);
    const far = await mark(2);
    expect(await mark(2), "a place beyond the caller's patience is not taken").toEqual(far);
  });
});

test("once queued, content is frozen by the database itself", async () => {
  const { id } = await planned(1);
  await expect(desk.update(id, "alice", { subject: "Other" })).rejects.toMatchObject({ code: "conflict" });
});
