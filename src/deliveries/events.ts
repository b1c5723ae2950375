import { eventType } from "inngest";
import { z } from "zod";

/**
 * Optional fields of the event of a job of one part. Without them, the run begins the job. With them, the run continues
 * the job.
 */
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
