import { eventType } from "inngest";
import { z } from "zod";

/**
 * Fact: a verified webhook is in the inbox. The event has ids only, because events are stored in clear text. Webhooks
 * with the same `objectKey` are handled one after the other.
 */
export const webhookReceived = eventType("webhook/received", {
  schema: z.object({ webhookId: z.uuid(), objectKey: z.string().min(1).max(300) }),
});

/**
 * Fact: the mail provider has reported the outcome of a mail. The address and the reason are only in the webhook's
 * body, in the inbox.
 */
export const mailReported = eventType("mail/reported", {
  schema: z.object({
    webhookId: z.uuid(),
    messageId: z.string().min(1).max(300),
    kind: z.enum(["bounced", "complained", "delivered", "suppressed"]),
  }),
});
