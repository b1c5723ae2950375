import { z } from "zod";
import type { Imprint } from "#campaigns/imprint.ts";
import { content, type Recipient } from "#campaigns/render-mail.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { ErrorCode } from "#lib/errors.ts";

/**
 * Recipients arrive as tuples, because repeated field names would be most of the answer. A schema does not read them,
 * because for a whole audience zod would take longer than the database.
 */
const recipients = z.custom<Recipient[]>(Array.isArray);
const batch = z.object({ batchNo: z.number(), inDoubt: z.boolean(), recipients });
/** A batch that this claim has taken. `inDoubt` means that an earlier request may have reached the provider. */
export type Batch = z.output<typeof batch>;

const taken = z.discriminatedUnion("state", [
  z.object({
    state: z.literal("open"),
    campaign: z.object({ id: z.string(), content }),
    batches: z.array(batch),
  }),
  z.object({ state: z.literal("stopped"), because: z.string() }),
  z.object({ state: z.enum(["done", "lost", "paused"]) }),
]);

/** A part that the caller has claimed, with the token of its lease. */
type PartClaim = { id: number; token: string };

/** The outcome of one batch. Subscriber id → the provider's message id, or the code and message of the error. */
export type Outcome = {
  batchNo: number;
  sent: Record<string, string>;
  failed: Record<string, [code: string, words: string]>;
  /**
   * The outcome of the batch's other mails: "open" when the provider accepted none of them; otherwise the error code
   * with which they become unknown.
   */
  rest?: "open" | ErrorCode;
};

const plan = z.discriminatedUnion("state", [
  z.object({ state: z.literal("planning") }),
  z.object({ state: z.literal("planned"), parts: z.number(), recipients: z.number(), jobId: z.uuid() }),
  z.object({ state: z.enum(["completed", "canceled", "taken"]), jobId: z.string().nullable() }),
]);
export type Plan = z.output<typeof plan>;

/** `jobId` is null before planning begins; then there are no parts. */
const openParts = z.object({ jobId: z.uuid().nullable(), parts: z.number().array() });

export type CampaignRepository = ReturnType<typeof campaignRepository>;

/** The statements that plan and send a campaign. The SQL functions document what each call guarantees. */
export function campaignRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Plans one piece. Call again while the answer is "planning". */
    planPiece: (input: {
      campaignId: string;
      eventId: string;
      batchSize: number;
      partSize: number;
      piece: number;
      imprint: Imprint;
    }): Promise<Plan> => call("plan_campaign", input, plan),

    hold: (campaignId: string, eventId: string, reason: string): Promise<void> =>
      call("hold_campaign", { campaignId, eventId, reason }),

    /**
     * Takes batches for a provider. `keysMs`: for how long each provider recognises the key of a batch.
     */
    take: (
      { id, token }: PartClaim,
      provider: string,
      limit: number,
      keysMs: Record<string, number | undefined>,
    ) => call("take_campaign_batches", { partId: id, token, provider, limit, keysMs }, taken),

    /** The parts that a run must work on after a pause. */
    openParts: (campaignId: string) => callTimeless("open_campaign_parts", { campaignId }, openParts),

    /** Stores the provider's answers. */
    settle: ({ id, token }: PartClaim, provider: string, outcomes: Outcome[]) =>
      call(
        "settle_campaign_batches",
        { partId: id, token, provider, outcomes },
        z.enum(["open", "done", "lost"]),
      ),

    /**
     * Marks the mails that canceled campaigns left in doubt as unknown, in at most `limit` parts. Returns how many
     * parts were checked.
     */
    settleCanceled: (limit: number): Promise<number> =>
      call("settle_canceled_campaigns", { limit }, z.number()),
  };
}
