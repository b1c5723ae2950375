import { z } from "zod";
import { normalizeAddress } from "#lib/email-address.ts";
import type { PaymentFacts, State, SubscriptionFacts } from "#payments/repository.ts";

/** The fields of Stripe's objects that we read. All schemas are loose, because Stripe adds fields at any time. */

const id = z.string().min(1).max(255);
const cents = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** ISO 4217, in lower case. */
const currency = z.string().regex(/^[a-z]{3}$/);
const metadata = z.looseObject({ orderId: z.string().min(1).max(300).optional() }).nullish();
const reference = z.union([id, z.looseObject({ id }).transform((object) => object.id)]).nullish();
/** An address that cannot receive mail counts as missing. */
const address = z
  .string()
  .nullish()
  .transform((text) => normalizeAddress(text ?? ""));
const seconds = z.number().min(0).max(1e11);
const time = (value: number | null | undefined): string | undefined =>
  value === null || value === undefined ? undefined : new Date(value * 1000).toISOString();

export const paymentIntent = z.looseObject({
  id,
  status: z.string().max(100),
  amount: cents,
  amount_received: cents.nullish(),
  currency,
  created: seconds,
  metadata,
  receipt_email: address,
  last_payment_error: z.looseObject({ code: z.string().max(200).nullish() }).nullish(),
});

export const searchResult = z.looseObject({ data: z.array(paymentIntent).max(100) });

export const charge = z.looseObject({
  id,
  payment_intent: reference,
  amount: cents.nullish(),
  amount_captured: cents.nullish(),
  amount_refunded: cents,
  metadata,
});

export const checkoutSession = z.looseObject({
  id,
  payment_intent: reference,
  client_reference_id: z.string().max(300).nullish(),
  customer_details: z.looseObject({ email: address }).nullish(),
  metadata,
});

export const subscription = z.looseObject({
  id,
  status: z.string().max(100),
  customer: reference,
  current_period_end: seconds.nullish(),
  cancel_at_period_end: z.boolean().default(false),
  items: z
    .looseObject({
      data: z.array(
        z.looseObject({ price: z.looseObject({ id }).nullish(), current_period_end: seconds.nullish() }),
      ),
    })
    .optional(),
});

const FINAL_PAYMENT = new Set(["succeeded", "canceled"]);
export const isFinalPayment = (status: string): boolean => FINAL_PAYMENT.has(status);

const FINAL_SUBSCRIPTION = new Set(["canceled", "incomplete_expired"]);
export const isFinalSubscription = (status: string): boolean => FINAL_SUBSCRIPTION.has(status);

/** Stripe counts the part of a charge that was authorized and never captured as refunded. */
export const refundedCents = ({
  amount,
  amount_captured,
  amount_refunded,
}: z.output<typeof charge>): number =>
  Math.max(0, amount_refunded - ((amount ?? 0) - (amount_captured ?? amount ?? 0)));

export const paymentFacts = (intent: z.output<typeof paymentIntent>, state: State): PaymentFacts => ({
  id: intent.id,
  orderId: intent.metadata?.orderId,
  email: intent.receipt_email,
  status: intent.status,
  // A payment may collect less than it authorized.
  amountCents: intent.status === "succeeded" ? (intent.amount_received ?? intent.amount) : intent.amount,
  currency: intent.currency,
  failureCode: intent.last_payment_error?.code ?? undefined,
  state,
});

export const subscriptionFacts = (
  { id, status, customer, items, ...object }: z.output<typeof subscription>,
  state: State,
): SubscriptionFacts => ({
  id,
  status,
  customerId: customer ?? "",
  priceId: items?.data[0]?.price?.id,
  // In newer versions of the API the period is a field of the item, not of the subscription.
  currentPeriodEnd: time(object.current_period_end ?? items?.data[0]?.current_period_end),
  cancelAtPeriodEnd: object.cancel_at_period_end,
  state,
});
