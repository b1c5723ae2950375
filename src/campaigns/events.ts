import { eventType } from "inngest";
import { z } from "zod";

/** Command: send this campaign to everybody on its list who is active now. */
export const sendCampaignRequested = eventType("email/send.campaign", {
  schema: z.object({ campaignId: z.uuid() }),
});

/** Command: send one chunk of a planned campaign. `account` is the provider's account whose pace it shares. */
export const sendCampaignChunkRequested = eventType("email/send.campaign-chunk", {
  schema: z.object({
    campaignId: z.uuid(),
    chunk: z.int().positive(),
    account: z.string(),
    parentJobId: z.uuid(),
  }),
});
