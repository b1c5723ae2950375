/**
 * The events that app code may send: `inngest.send(sendCampaignRequested.create({ campaignId }))`. Each event is
 * checked against its schema before it is sent.
 */
export { sendCampaignRequested } from "#campaigns/events.ts";
export { generateImageRequested } from "#images/events.ts";
export { importRequested } from "#imports/events.ts";
export { jobCancelRequested } from "#jobs/events.ts";
/** Sends work with a priority: `inngest.send(queueJob("email/send.campaign", { campaignId }, "high"))`. */
export { queueJob } from "#lib/engine/priorities.ts";
export { userSignedUp } from "#onboarding/events.ts";
export { processPaymentRequested } from "#payments/events.ts";
export { generateReportRequested } from "#reports/events.ts";
