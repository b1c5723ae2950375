import { z } from "zod";
import type { Content, Recipient } from "#campaigns/render-mail.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

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

const batch = z.object({ batchNo: z.number(), inDoubt: z.boolean(), recipients });
/** A batch that this claim has taken. `inDoubt`: an earlier call may have been taken by the provider. */
export type Batch = z.output<typeof batch>;

const taken = z.discriminatedUnion("state", [
  z.object({
    state: z.literal("open"),
    campaign: z.object({ id: z.string(), content }),
    batches: z.array(batch),
  }),
  z.object({ state: z.literal("wait"), waitMs: z.number() }),
  z.object({ state: z.enum(["done", "lost"]) }),
]);

type Taken = z.output<typeof taken>;
/** A part that the caller has claimed, and the proof of it. */
type PartRef = { id: number; token: string };

/** Subscriber id → the provider's message id, or code and words of what went wrong. */
export type Outcome =
  | {
      batchNo: number;
      sent: Record<string, string>;
      failed: Record<string, [code: string, words: string]>;
      /** Everybody who is not named is unknown, for this reason. */
      unknownCode?: string;
    }
  /** The provider took nothing of it. */
  | { batchNo: number; putBack: true };

const plan = z.discriminatedUnion("state", [
  z.object({ state: z.literal("planning") }),
  z.object({ state: z.literal("planned"), parts: z.number(), recipients: z.number(), jobId: z.uuid() }),
  z.object({ state: z.enum(["completed", "canceled", "taken"]), jobId: z.string().nullable() }),
]);
export type Plan = z.output<typeof plan>;

export type CampaignRepository = ReturnType<typeof campaignRepository>;

/** The ledger of a campaign's sending. What each call promises stands with its SQL function. */
export function campaignRepository(db: DatabaseClient, clock: Clock) {
  const { call } = createCall(db, clock);
  return {
    /** One piece of planning; call again while it answers "planning". */
    planPiece: (input: {
      campaignId: string;
      eventId: string;
      batchSize: number;
      partSize: number;
      piece: number;
    }): Promise<Plan> => call("plan_campaign", input, plan),

    hold: (campaignId: string, eventId: string, reason: string): Promise<void> =>
      call("hold_campaign", { campaignId, eventId, reason }),

    /** `keysSince`: batches first called later than this may be called again under their key. `bucket`: the account's. */
    take: (
      { id, token }: PartRef,
      limit: number,
      keysSince: Date | undefined,
      bucket: string,
    ): Promise<Taken> =>
      call(
        "take_campaign_batches",
        { partId: id, token, limit, keysSince: keysSince?.toISOString(), bucket },
        taken,
      ),

    settle: ({ id, token }: PartRef, outcomes: Outcome[]) =>
      call("settle_campaign_batches", { partId: id, token, outcomes }, z.enum(["open", "done", "lost"])),

    /** How many parts of canceled campaigns were looked at, `limit` at most: what they left in doubt is unknown now. */
    settleCanceled: (limit: number): Promise<number> =>
      call("settle_canceled_campaigns", { limit }, z.number()),
  };
}
