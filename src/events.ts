/**
 * The events that app code may send: `inngest.send(sendCampaignRequested.create({ campaignId }))`. Each is checked
 * against its schema before it leaves.
 */
export { sendCampaignRequested } from "#campaigns/events.ts";
export { generateImageRequested } from "#images/events.ts";
export { jobCancelRequested } from "#jobs/events.ts";
/** Names the class of work on the way: `inngest.send(queueJob("email/send.campaign", { campaignId }, "high"))`. */
export { queueJob } from "#lib/engine/priorities.ts";
