import { eventType } from "inngest";
import { z } from "zod";

/** Without these fields a run begins the job, with them it continues the job's only part. */
const partOfJob = { parentJobId: z.uuid().optional(), part: z.literal(1).optional() };

/** Command: send the due deliveries of this endpoint. */
export const sendWebhookDue = eventType("webhook/send", {
  schema: z.object({ endpointId: z.uuid() }),
});

/** Command: send the messages of this replay again. */
export const replayRequested = eventType("webhook/replay", {
  schema: z.object({
    replayId: z.uuid(),
    ...partOfJob,
  }),
});
