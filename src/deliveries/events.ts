import { eventType } from "inngest";
import { z } from "zod";

/** Command: send what is due to this endpoint, until nothing is. */
export const sendWebhookDue = eventType("webhook/send", {
  schema: z.object({ endpointId: z.uuid() }),
});
