/**
 * The events that app code may send: `inngest.send(sendCampaignRequested.create({ campaignId }))`. Each event is
 * checked against its schema before it is sent. `npm run build:client` compiles this file for other projects, so it and
 * the files that it imports use relative imports, and packages.
 */

import { type PriorityName, queueJob as queueEvent } from "./lib/engine/priorities.ts";
import { eventNamed } from "./queue-names.ts";

export { sendCampaignRequested } from "./campaigns/events.ts";
export { generateImageRequested } from "./images/events.ts";
export { importRequested } from "./imports/events.ts";
export { jobCancelRequested } from "./jobs/events.ts";
export { userSignedUp } from "./onboarding/events.ts";
export { processPaymentRequested } from "./payments/events.ts";
export { generateReportRequested } from "./reports/events.ts";

/**
 * Sends work with a priority: `inngest.send(queueJob("email/send.campaign", { campaignId }, "high"))`. The first
 * argument names an event, or a queue of the source documents: `email.send-campaign`.
 */
export const queueJob = <Data extends Record<string, unknown>>(
  name: string,
  data: Data,
  priority?: PriorityName,
) => queueEvent(eventNamed(name), data, priority);
