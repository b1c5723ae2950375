import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import type { Stripe } from "#lib/outside/stripe.ts";
import { unreadableError } from "#lib/outside/unreadable-error.ts";
import type { PaymentRepository, State } from "#payments/repository.ts";
import {
  charge,
  checkoutSession,
  isFinalPayment,
  isFinalSubscription,
  paymentFacts,
  paymentIntent,
  refundedCents,
  subscription,
  subscriptionFacts,
} from "#payments/stripe-objects.ts";

type Payments = Pick<PaymentRepository, "apply" | "applySubscription">;
type Dependencies = { stripe: Pick<Stripe, "get" | "isConfigured">; payments: Payments };

/** A webhook of Stripe, as the webhooks room passes it. */
type Webhook = { type: string; body: string; occurredAt: string | null; newestSequence: number };
type Handled = { verdict: "applied" | "unchanged"; isPresentState: boolean };

/** One kind of object: its path in the API, and the function that writes its state and returns whether rows changed. */
type Kind = {
  path: string;
  write: (object: unknown, stateOf: StateOf, payments: Payments) => Promise<boolean>;
};
type StateOf = (isFinal: boolean) => State;

const KINDS: Readonly<Record<string, Kind>> = {
  payment_intent: {
    path: "/v1/payment_intents",
    write(object, stateOf, payments) {
      const intent = paymentIntent.parse(object);
      return payments.apply(paymentFacts(intent, stateOf(isFinalPayment(intent.status))));
    },
  },
  charge: {
    path: "/v1/charges",
    async write(object, _, payments) {
      const found = charge.parse(object);
      const { payment_intent: id, metadata } = found;
      // A charge without a PaymentIntent comes from an API of Stripe that we do not use.
      if (typeof id !== "string") return false;
      await payments.apply({ id, refundedCents: refundedCents(found), orderId: metadata?.orderId });
      return true;
    },
  },
  "checkout.session": {
    path: "/v1/checkout/sessions",
    async write(object, _, payments) {
      const session = checkoutSession.parse(object);
      const { payment_intent: id, customer_details: customer } = session;
      if (typeof id !== "string") return false;
      const orderId = session.metadata?.orderId ?? session.client_reference_id ?? undefined;
      await payments.apply({ id, orderId, email: customer?.email });
      return true;
    },
  },
  "customer.subscription": {
    path: "/v1/subscriptions",
    write(object, stateOf, payments) {
      const found = subscription.parse(object);
      const state = stateOf(isFinalSubscription(found.status));
      return payments.applySubscription(subscriptionFacts(found, state));
    },
  },
};

/** Within one second, the event with the higher rank counts as the later one. */
const RANKS: Readonly<Record<string, number>> = {
  created: 1,
  payment_failed: 1,
  updated: 2,
  succeeded: 3,
  deleted: 3,
};

const snapshot = z.looseObject({ data: z.looseObject({ object: z.looseObject({ id: z.string() }) }) });
const thin = z.looseObject({ related_object: z.looseObject({ id: z.string() }) });

/**
 * Applies a webhook of Stripe. With an API key the object's current state is read from Stripe, which is right in any
 * order of webhooks. Without a key the state in the webhook is written, unless a newer one is stored.
 */
export const stripeHandler =
  ({ stripe, payments }: Dependencies) =>
  async ({ type, body, occurredAt, newestSequence }: Webhook): Promise<Handled> => {
    const dot = type.lastIndexOf(".");
    const kind = KINDS[type.slice(0, dot)];
    if (!kind) throw new AppError("invalid_request", `No handler knows ${type}`);
    const event: unknown = JSON.parse(body);
    const carried = snapshot.safeParse(event).data?.data.object;
    const id = carried?.id ?? thin.safeParse(event).data?.related_object.id;
    if (id === undefined) throw new AppError("invalid_request", `The webhook ${type} has no object id`);
    const present = stripe.isConfigured
      ? await stripe.get(`${kind.path}/${encodeURIComponent(id)}`, {}, z.looseObject({}))
      : undefined;
    if (present === undefined && carried === undefined) {
      throw new AppError(
        "not_configured",
        "A thin event needs STRIPE_API_KEY, because it does not contain the state",
      );
    }
    const at = occurredAt ?? new Date(0).toISOString();
    const rank = RANKS[type.slice(dot + 1)] ?? 0;
    const stateOf: StateOf = (isFinal) =>
      present === undefined ? { isFinal, at, rank } : { sequence: newestSequence };
    // The function is async, so that an error thrown before the first await is also caught.
    const write = async () => await kind.write(present ?? carried, stateOf, payments);
    const isNewer = await write().catch(asAppError(type));
    return { verdict: isNewer ? "applied" : "unchanged", isPresentState: present !== undefined };
  };

const asAppError = (type: string) => (error: unknown) => {
  if (!(error instanceof z.ZodError)) throw error;
  throw unreadableError(`The object of ${type}`, error);
};
