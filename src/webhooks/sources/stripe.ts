import { z } from "zod";
import { foreignName, parseEnvelope, type Source } from "#webhooks/source.ts";

/** A snapshot event contains the object as it was at the time of the event. */
const snapshot = z.object({
  id: foreignName,
  type: foreignName,
  created: z.number().min(0).max(1e11),
  data: z.object({ object: z.object({ id: foreignName.optional() }) }),
});
/**
 * Of its object, a thin event contains only the id. For an object of API v1, the event's type is `v1.` followed by the
 * type of the snapshot event.
 */
const thin = z.object({
  id: foreignName,
  type: foreignName,
  created: z.iso.datetime({ offset: true }).max(40),
  related_object: z.object({ id: foreignName }).nullish(),
});

export const stripe: Source = {
  name: "stripe",
  scheme: "stripe",
  secrets: (env) => env.STRIPE_WEBHOOK_SECRET,
  headers: ["stripe-signature"],
  types: [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refunded",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "checkout.session.completed",
  ],
  read(body) {
    if (isThin(body)) {
      const event = parseEnvelope(thin, body);
      const type = event.type.replace(/^v1\./, "");
      return envelope(event.id, type, event.related_object?.id, new Date(event.created));
    }
    const { id, type, created, data } = parseEnvelope(snapshot, body);
    return envelope(id, type, data.object.id, new Date(created * 1000));
  },
};

const isThin = (body: unknown): boolean =>
  typeof body === "object" && body !== null && "object" in body && body.object === "v2.core.event";

const envelope = (externalId: string, type: string, objectId: string | undefined, occurredAt: Date) => ({
  externalId,
  type,
  objectKey: `stripe:${objectId ?? externalId}`,
  occurredAt,
});
