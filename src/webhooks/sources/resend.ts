import { z } from "zod";
import { foreignName, parseEnvelope, type Source } from "#webhooks/source.ts";

const bodyOf = z.looseObject({
  type: foreignName,
  created_at: z.iso.datetime({ offset: true }).max(40).optional(),
  data: z.looseObject({ email_id: foreignName.optional(), id: foreignName.optional() }).optional(),
});

export const resend: Source = {
  name: "resend",
  scheme: "standard",
  secrets: (env) => env.RESEND_WEBHOOK_SECRET,
  headers: ["svix-id", "svix-timestamp"],
  types: [
    "email.bounced",
    "email.complained",
    "email.delivered",
    "email.suppressed",
    "suppression.added",
    "suppression.removed",
  ],
  read(body, headers) {
    const { type, created_at: createdAt, data } = parseEnvelope(bodyOf, body);
    const id = parseEnvelope(foreignName, headers.get("webhook-id") ?? headers.get("svix-id"));
    return {
      externalId: id,
      type,
      objectKey: `resend:${data?.email_id ?? data?.id ?? id}`,
      occurredAt: createdAt === undefined ? undefined : new Date(createdAt),
    };
  },
};
