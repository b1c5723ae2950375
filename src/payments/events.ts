import { eventType } from "inngest";
import { z } from "zod";

/** Cents. Stripe takes at most 999,999.99 US dollars. */
export const amount = z.int().min(1).max(99_999_999);
/** The id becomes part of a search query at the provider, so quotes are not allowed. */
export const orderId = z
  .string()
  .max(100)
  .regex(/^[\w.:-]+$/, "must be letters, digits, and . : _ -");
/** The provider's key is `<orderId>/<number of the key>/<this key>`, of at most 255 characters. */
export const idempotencyKey = z.string().min(1).max(150);

/** Command: make the payment of this order, in US dollars. `amount` is in cents. */
export const processPaymentRequested = eventType("payment/process", {
  schema: z.object({ orderId, amount, idempotencyKey }),
});
