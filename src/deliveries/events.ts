import { eventType } from "inngest";
import { z } from "zod";

/** Command: send the due deliveries of this endpoint. */
export const sendWebhookDue = eventType("webhook/send", {
  schema: z.object({ endpointId: z.uuid() }),
});

/** Command: send the messages of this replay again. With `parentJobId` and `part`: continue the work of an earlier run. */
export const replayRequested = eventType("webhook/replay", {
  schema: z.object({
    replayId: z.uuid(),
    parentJobId: z.uuid().optional(),
    part: z.literal(1).optional(),
  }),
});
