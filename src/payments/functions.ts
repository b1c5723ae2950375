import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Stripe } from "#lib/outside/stripe.ts";
import { processPayment } from "#payments/process-payment.ts";
import { paymentRepository } from "#payments/repository.ts";
import { stripeHandler } from "#payments/stripe-handler.ts";

type Dependencies = {
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  stripe: Stripe;
  flow: FlowControl;
  onFailure: OnFailure;
};

export const paymentFunctions = ({ db, ...deps }: Dependencies): InngestFunction.Any[] => [
  processPayment({ ...deps, payments: paymentRepository(db, deps.clock) }),
];

/** The handler of Stripe's webhooks in `process-webhook`. */
export const stripeWebhooks = ({ db, clock, stripe }: Pick<Dependencies, "db" | "clock" | "stripe">) =>
  stripeHandler({ stripe, payments: paymentRepository(db, clock) });
