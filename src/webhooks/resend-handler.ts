import { z } from "zod";
import { mailReported } from "#webhooks/events.ts";
import { type Handler, parsePayload } from "#webhooks/handler.ts";
import { foreignName } from "#webhooks/source.ts";

const payload = z.looseObject({ data: z.looseObject({ email_id: foreignName }) });

/** Reports the outcome of a mail. The address and the reason stay in the inbox, under the webhook's id. */
export const resendHandler: Handler = async (webhook) => {
  const { data } = parsePayload(webhook, payload);
  const kind = webhook.type.replace("email.", "");
  const fact = { webhookId: webhook.id, messageId: data.email_id, kind };
  return {
    verdict: "applied",
    tell: { id: `mail-reported:${webhook.id}`, name: mailReported.name, data: fact },
  };
};
