import { z } from "zod";
import { mailText } from "#mail/compose.ts";

/** A mail to the owner of a webhook endpoint, from the data of the notification WEBHOOK_DISABLED. */
export const webhookDisabled = mailText({
  fields: z.object({ url: z.string(), reason: z.string() }),
  subject: "A webhook endpoint was disabled",
  paragraphs: [
    "Your webhook endpoint {{ url }} was disabled, because {% if reason == 'gone' %}it answered 410 (gone){% else %}it has failed for five days{% endif %}.",
    "It gets no messages. When it works again, enable it under Webhooks out, and replay what it missed. Messages are kept for 30 days.",
  ],
});
