import { z } from "zod";
import { groupCalls } from "#campaigns/group-calls.ts";
import type { Content, Recipient } from "#campaigns/render-mail.ts";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import { AppError } from "#lib/errors.ts";

const content = z.object({
  subject: z.string(),
  html: z.string().nullable(),
  text: z.string().nullable(),
  from: z.string(),
  replyTo: z.string().nullable(),
  missingField: z.enum(["fail", "empty"]),
}) satisfies z.ZodType<Content>;

type Row = [id: number, email: string, fields: Recipient["fields"]];

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const isRow = (row: unknown): boolean =>
  Array.isArray(row) && typeof row[0] === "number" && typeof row[1] === "string" && isObject(row[2]);

/**
 * Rows come as tuples: keys repeated a hundred times would be most of the answer. A look of our own instead of a
 * schema: here whole audiences are read, and zod would take longer than the database.
 */
const recipients = z
  .custom<Row[]>((rows) => Array.isArray(rows) && rows.every(isRow))
  .transform((rows) => rows.map(([id, email, fields]): Recipient => ({ id, email, fields })));

const batch = z.object({
  batchNo: z.number(),
  status: z.enum(["pending", "sending"]),
  firstSendingAt: z.string().nullable(),
});
/** A batch that has no outcome yet. */
export type Batch = z.output<typeof batch>;

const claim = z.discriminatedUnion("state", [
  z.object({ state: z.literal("claimed"), token: z.string(), content, batches: z.array(batch) }),
  z.object({ state: z.literal("busy"), waitMs: z.number() }),
  z.object({ state: z.enum(["done", "canceled"]) }),
]);
export type Claim = z.output<typeof claim>;

const workAnswer = z.discriminatedUnion("state", [
  z.object({ state: z.literal("sending"), recipients }),
  z.object({ state: z.literal("wait"), waitMs: z.number(), slot: z.string() }),
  z.object({ state: z.enum(["lost", "canceled"]) }),
  z.object({ state: z.literal("settled") }),
]);
type WorkAnswer = z.output<typeof workAnswer>;
/** What became of a mark. `recipients`: those of the batch who are to get a mail. */
export type Mark = Exclude<WorkAnswer, { state: "settled" }>;

const plan = z.discriminatedUnion("state", [
  z.object({ state: z.literal("planning") }),
  z.object({
    state: z.literal("planned"),
    chunks: z.number(),
    recipients: z.number(),
    jobId: z.string().nullable(),
  }),
  z.object({ state: z.enum(["completed", "canceled", "taken"]), jobId: z.string().nullable() }),
]);
export type Plan = z.output<typeof plan>;

export type ChunkRef = { campaignId: string; chunk: number };
export type BatchRef = { campaignId: string; batchNo: number; token: string };

/** Subscriber id → the provider's message id, or code and words of what went wrong. */
export type Settlement = {
  sent: Record<string, string>;
  failed: Record<string, [code: string, words: string]>;
  /** Everybody who is not named is unknown, for this reason. */
  unknownCode?: string;
};

/** A batch whose outcome is to be written down. */
export type Settled = { batchNo: number } & Settlement;

/** What a lane asks of the ledger: to write down one batch, to mark another, or both at once. */
type WorkCall = {
  campaignId: string;
  token: string;
  settled?: Settled;
  mark?: { batchNo: number; again: boolean; pace: Pace };
};
const numbered = (calls: readonly WorkCall[]) => calls.map((call, number) => ({ number, ...call }));
/** Lanes of one process that share a statement at most. */
const MAX_CALLS = 32;

/** Whose pace a request keeps, and the place in time that an earlier answer gave it. */
export type Pace = { account: string; intervalMs: number; patienceMs: number; slot: string | null };

export type CampaignRepository = ReturnType<typeof campaignRepository>;

/**
 * The ledger of a campaign's sending. What each call promises stands with its SQL function. `lingerMs`: how long lanes
 * wait for each other, so that they share a statement.
 */
export const campaignRepository = (db: DatabaseClient, clock: Clock, lingerMs: number) => {
  const now = () => clock.now().toISOString();
  const work = groupCalls<WorkCall, WorkAnswer>(
    async (calls) =>
      workAnswer
        .array()
        .parse(await unwrap(db.rpc("work_campaign_batches", { p_calls: numbered(calls), p_now: now() }))),
    { maxSize: MAX_CALLS, lingerMs },
  );
  return {
    /** One piece of planning; call again while it answers "planning". */
    async planPiece(input: {
      campaignId: string;
      eventId: string;
      batchSize: number;
      chunkSize: number;
      piece: number;
    }) {
      const { campaignId, eventId, batchSize, chunkSize, piece } = input;
      const answer = await unwrap(
        db.rpc("plan_campaign", {
          p_campaign_id: campaignId,
          p_event_id: eventId,
          p_batch_size: batchSize,
          p_chunk_size: chunkSize,
          p_piece: piece,
          p_now: now(),
        }),
      );
      return plan.parse(answer);
    },

    async hold(campaignId: string, eventId: string, reason: string): Promise<void> {
      await unwrap(
        db.rpc("hold_campaign", {
          p_campaign_id: campaignId,
          p_event_id: eventId,
          p_reason: reason,
          p_now: now(),
        }),
      );
    },

    async claimChunk({ campaignId, chunk }: ChunkRef, claimant: string, leaseMs: number): Promise<Claim> {
      const answer = await unwrap(
        db.rpc("claim_campaign_chunk", {
          p_campaign_id: campaignId,
          p_chunk_no: chunk,
          p_claimant: claimant,
          p_lease_ms: leaseMs,
          p_now: now(),
        }),
      );
      return claim.parse(answer);
    },

    /** How often this run met trouble without sending anything in between, this time included. */
    async releaseChunk({ campaignId, chunk }: ChunkRef, token: string): Promise<number> {
      const count = await unwrap(
        db.rpc("release_campaign_chunk", { p_campaign_id: campaignId, p_chunk_no: chunk, p_token: token }),
      );
      return z.number().nullable().parse(count) ?? 1;
    },

    /** `sent`: the batch before, whose outcome is written down in the same statement. */
    async markBatch(
      { campaignId, batchNo, token }: BatchRef,
      again: boolean,
      pace: Pace,
      sent?: Settled,
    ): Promise<Mark> {
      const mark = { batchNo, again, pace };
      const answer = await work({
        campaignId,
        token,
        mark,
        ...(sent === undefined ? {} : { settled: sent }),
      });
      if (answer.state === "settled") throw new AppError("internal", "A mark was answered as a settlement");
      return answer;
    },

    /** `inDoubt`: an earlier call may have been taken, and that stays so. */
    async releaseBatch(
      { campaignId, batchNo, token }: BatchRef,
      inDoubt: boolean,
      account: string,
      pauseMs: number,
    ): Promise<void> {
      await unwrap(
        db.rpc("release_campaign_batch", {
          p_campaign_id: campaignId,
          p_batch_no: batchNo,
          p_token: token,
          p_in_doubt: inDoubt,
          p_account: account,
          p_pause_ms: Math.ceil(pauseMs),
          p_now: now(),
        }),
      );
    },

    /** False: the claim is lost, and nothing was written. */
    async settleBatch({ campaignId, token }: Omit<BatchRef, "batchNo">, settled: Settled): Promise<boolean> {
      return (await work({ campaignId, token, settled })).state === "settled";
    },

    /** How many chunks of canceled campaigns were looked at, `limit` at most: what they left in doubt is unknown now. */
    async settleCanceled(limit: number): Promise<number> {
      const count = await unwrap(db.rpc("settle_canceled_campaigns", { p_limit: limit, p_now: now() }));
      return z.number().parse(count);
    },
  };
};
