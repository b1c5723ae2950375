import { z } from "zod";
import { content, type Recipient } from "#campaigns/render-mail.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { ErrorCode } from "#lib/errors.ts";

/**
 * Recipients arrive as tuples, because repeated field names would be most of the answer. No schema checks the tuples,
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
const settled = z.enum(["open", "done", "lost"]);

/** A part that the caller has claimed, with the token of its lease. */
type PartClaim = { id: number; token: string };
type Keys = Record<string, number | undefined>;

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

export type CampaignRepository = ReturnType<typeof campaignRepository>;

/** The statements that send a campaign. The SQL functions document what each call guarantees. */
export function campaignRepository(db: DatabaseClient, clock: Clock) {
  const { call } = createCall(db, clock);
  return {
    /** Takes batches for a provider. `keysMs`: for how long each provider recognizes the key of a batch. */
    take: ({ id, token }: PartClaim, provider: string, limit: number, keysMs: Keys) =>
      call("take_campaign_batches", { partId: id, token, provider, limit, keysMs }, taken),

    /** Stores the provider's answers. */
    settle: ({ id, token }: PartClaim, provider: string, outcomes: Outcome[]) =>
      call("settle_campaign_batches", { partId: id, token, provider, outcomes }, settled),
  };
}
