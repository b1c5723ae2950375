import type { z } from "zod";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { AppError } from "#lib/errors.ts";
import type { Stripe } from "#lib/outside/stripe.ts";
import { processPaymentRequested } from "#payments/events.ts";
import type { PaymentFacts, PaymentRepository } from "#payments/repository.ts";
import { isFinalPayment, paymentFacts, paymentIntent, searchResult } from "#payments/stripe-objects.ts";

type Dependencies = {
  inngest: InngestClient;
  stripe: Pick<Stripe, "get" | "post">;
  payments: Pick<PaymentRepository, "begin" | "renewKey" | "settle">;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};
type Begun = Awaited<ReturnType<PaymentRepository["begin"]>>;

/**
 * Stripe remembers a key for 24 hours. We use it for an hour less, so that it does not expire during a call, and so that
 * the last call with it was at least an hour ago when Stripe has forgotten it.
 */
const KEY_LIFE_MS = 23 * 60 * 60_000;
const KEY_FORGOTTEN_MS = 24 * 60 * 60_000;

/** Makes one payment for each order. A repeated call uses the same key, so Stripe makes no second payment. */
export const processPayment = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "process-payment",
      triggers: [processPaymentRequested],
      ...deps.flow.prioritized(50),
      ...tries("payment"),
      cancelOn: cancelOfThisJob("process-payment"),
      onFailure: deps.onFailure,
    },
    async ({ event, step, runId }) => {
      const { orderId, amount, idempotencyKey } = event.data;
      const begun = await step.run("begin", () =>
        deps.payments.begin({
          orderId,
          amountCents: amount,
          key: idempotencyKey,
          eventId: event.id ?? runId,
        }),
      );
      if (begun.paymentId !== null) {
        return { status: "already_processed", paymentId: begun.paymentId };
      }
      const payment = await step.run("charge", () => charge(deps, orderId, amount, begun));
      const paymentId = await step.run("settle", () => deps.payments.settle(payment));
      return { status: "processed", paymentId };
    },
  );

/**
 * Returns the order's payment, which this call or an earlier one has made. When the key is old, a call could make a
 * second payment, so Stripe is searched first. If it finds no payment a day after the first call, the calls with this
 * key made none, because Stripe finds a payment within minutes. Then the order gets a new key.
 */
async function charge(
  deps: Dependencies,
  orderId: string,
  amount: number,
  begun: Begun,
): Promise<PaymentFacts> {
  const { stripe, payments, clock } = deps;
  const nowMs = clock.now().getTime();
  const isOld = ({ askedAt }: Begun) => askedAt !== null && nowMs - Date.parse(askedAt) > KEY_LIFE_MS;
  let { key } = begun;
  if (isOld(begun)) {
    const found = await find(stripe, orderId);
    if (found) return toFacts(found, orderId);
    const renewed = await payments.renewKey(orderId, new Date(nowMs - KEY_FORGOTTEN_MS));
    if (renewed.paymentId !== null) return { id: renewed.paymentId, orderId };
    if (isOld(renewed)) throw new AppError("outcome_unknown", STILL_KNOWN);
    key = renewed.key;
  }
  const form = {
    amount: String(amount),
    currency: "usd",
    "metadata[orderId]": orderId,
    "automatic_payment_methods[enabled]": "true",
  };
  return toFacts(await stripe.post("/v1/payment_intents", form, key, paymentIntent), orderId);
}

const STILL_KNOWN =
  "Stripe was asked for this payment less than a day ago, and does not find it. Reprocess this in an hour.";

async function find(
  stripe: Pick<Stripe, "get">,
  orderId: string,
): Promise<z.output<typeof paymentIntent> | undefined> {
  const query = `metadata['orderId']:'${orderId}'`;
  const found = await stripe.get("/v1/payment_intents/search", { query, limit: "1" }, searchResult);
  return found?.data[0];
}

function toFacts(intent: z.output<typeof paymentIntent>, orderId: string): PaymentFacts {
  const at = new Date(intent.created * 1000).toISOString();
  const state = { isFinal: isFinalPayment(intent.status), at, rank: 0 };
  return { ...paymentFacts(intent, state), orderId };
}
