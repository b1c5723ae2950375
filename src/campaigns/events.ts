import { eventType } from "inngest";
import { z } from "zod";

/** Command: send this campaign to every subscriber of its list who is active now. */
export const sendCampaignRequested = eventType("email/send.campaign", {
  schema: z.object({ campaignId: z.uuid() }),
});

/** Command: send the parts of this campaign that are not done, after a pause. */
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
