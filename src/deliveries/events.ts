import { eventType } from "inngest";
import { z } from "zod";
import { continuation } from "#jobs/events.ts";

/** Command: send the due deliveries of this endpoint. */
export const sendWebhookDue = eventType("webhook/send", {
  schema: z.object({ endpointId: z.uuid() }),
});

/** Command: send the messages of this replay again. */
export const replayRequested = eventType("webhook/replay", {
  schema: z.object({
    replayId: z.uuid(),
    ...continuation,
  }),
});
