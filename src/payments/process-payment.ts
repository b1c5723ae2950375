import type { z } from "zod";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { AppError } from "#lib/errors.ts";
import type { Stripe } from "#lib/outside/stripe.ts";
import { processPaymentRequested } from "#payments/events.ts";
import type { PaymentRepository } from "#payments/repository.ts";
import { isFinalPayment, paymentFacts, paymentIntent, searchResult } from "#payments/stripe-objects.ts";

type Dependencies = {
  inngest: InngestClient;
  stripe: Pick<Stripe, "get" | "post">;
  payments: Pick<PaymentRepository, "begin" | "settle">;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};
type Wanted = { orderId: string; amount: number; idempotencyKey: string };

/** Stripe remembers a key for 24 hours. We use it for an hour less, so that it does not expire during a call. */
const KEY_LIFE_MS = 23 * 60 * 60_000;

/** Makes one payment for each order. A repeated call uses the same key, so Stripe makes no second payment. */
export const processPayment = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "process-payment",
      triggers: [processPaymentRequested],
      ...deps.flow.prioritized(50),
      ...tries("payment"),
      cancelOn: cancelOfThisJob,
      onFailure: deps.onFailure,
    },
    async ({ event, step }) => {
      const { orderId, amount, idempotencyKey } = event.data;
      const wanted = { orderId, amount, idempotencyKey };
      const begun = await step.run("begin", () =>
        deps.payments.begin({ orderId, amountCents: amount, key: idempotencyKey }),
      );
      if (begun.paymentId !== null) {
        return { status: "already_processed", paymentId: begun.paymentId };
      }
      const intent = await step.run("charge", () =>
        ask(deps, { ...wanted, idempotencyKey: begun.key ?? idempotencyKey }, begun.askedAt),
      );
      const paymentId = await step.run("settle", () => deps.payments.settle(intent));
      return { status: "processed", paymentId };
    },
  );

/** Returns the payment with this key, which this call or an earlier call has made. */
async function ask({ stripe, clock }: Dependencies, wanted: Wanted, askedAt: string | null) {
  const { orderId, amount, idempotencyKey } = wanted;
  const isForgotten = askedAt !== null && clock.now().getTime() - Date.parse(askedAt) > KEY_LIFE_MS;
  if (isForgotten) return toFacts(await find(stripe, orderId), orderId);
  const form = {
    amount: String(amount),
    currency: "usd",
    "metadata[orderId]": orderId,
    "automatic_payment_methods[enabled]": "true",
  };
  return toFacts(await stripe.post("/v1/payment_intents", form, idempotencyKey, paymentIntent), orderId);
}

/**
 * Stripe has forgotten the key, so a call could make a second payment. Only a search shows whether there is a first
 * one.
 */
async function find(stripe: Pick<Stripe, "get">, orderId: string): Promise<z.output<typeof paymentIntent>> {
  const query = `metadata['orderId']:'${orderId}'`;
  const found = await stripe.get("/v1/payment_intents/search", { query, limit: "1" }, searchResult);
  const [first] = found?.data ?? [];
  if (first) return first;
  throw new AppError("outcome_unknown", "The payment was requested a day ago, and Stripe does not find it");
}

function toFacts(intent: z.output<typeof paymentIntent>, orderId: string) {
  const at = new Date(intent.created * 1000).toISOString();
  const state = { isFinal: isFinalPayment(intent.status), at, rank: 0 };
  return { ...paymentFacts(intent, state), orderId };
}
