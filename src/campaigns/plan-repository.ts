import { z } from "zod";
import type { Imprint } from "#campaigns/imprint.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const plan = z.discriminatedUnion("state", [
  z.object({ state: z.literal("planning") }),
  z.object({ state: z.literal("planned"), parts: z.number(), recipients: z.number(), jobId: z.uuid() }),
  z.object({ state: z.enum(["completed", "canceled", "taken"]), jobId: z.string().nullable() }),
]);
export type Plan = z.output<typeof plan>;

/** `jobId` is null before planning begins; then there are no parts. */
const openParts = z.object({ jobId: z.uuid().nullable(), parts: z.number().array() });

export type PlanRepository = ReturnType<typeof planRepository>;

/** The statements that plan a campaign, and that settle the mails that canceled campaigns left in doubt. */
export function planRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Plans the next `piece` recipients of a campaign. Call again while the answer is "planning". */
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

    /** The parts that a run must work on after a pause. */
    openParts: (campaignId: string) => callTimeless("open_campaign_parts", { campaignId }, openParts),

    /**
     * Marks the mails that canceled campaigns left in doubt as unknown, in at most `limit` parts. Returns how many
     * parts were checked.
     */
    settleCanceled: (limit: number): Promise<number> =>
      call("settle_canceled_campaigns", { limit }, z.number()),
  };
}
