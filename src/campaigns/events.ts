import { eventType } from "inngest";
import { z } from "zod";

/** Command: send this campaign to every active subscriber of its list. */
export const sendCampaignRequested = eventType("email/send.campaign", {
  schema: z.object({ campaignId: z.uuid() }),
});

/** Command: after a pause, send the parts of this campaign that are not done. */
export const resumeCampaignRequested = eventType("email/resume.campaign", {
  schema: z.object({ campaignId: z.uuid() }),
});

/**
 * Command: send one part of a planned campaign. `account` is the provider's account, whose rate limit the part shares.
 */
export const sendCampaignPartRequested = eventType("email/send.campaign-part", {
  schema: z.object({
    campaignId: z.uuid(),
    account: z.string().max(100),
    parentJobId: z.uuid(),
    part: z.int().min(1).max(1_000_000),
  }),
});
