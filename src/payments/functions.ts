import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Env } from "#lib/env.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import type { Stripe } from "#lib/outside/stripe.ts";
import { createPace } from "#mail/pace.ts";
import { resendMailer } from "#mail/resend-mailer.ts";
import { processPayment } from "#payments/process-payment.ts";
import { paymentRepository } from "#payments/repository.ts";
import { sendPaymentReceipt } from "#payments/send-payment-receipt.ts";
import { stripeHandler } from "#payments/stripe-handler.ts";

type Dependencies = {
  env: Env;
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  stripe: Stripe;
  tokens: Tokens;
  flow: FlowControl;
  onFailure: OnFailure;
  mailMode: () => Promise<MailMode>;
};

export function paymentFunctions({ env, db, fetch, tokens, ...deps }: Dependencies): InngestFunction.Any[] {
  const payments = paymentRepository(db, deps.clock);
  const mailer = resendMailer(env, fetch, deps.clock);
  const { account } = mailer;
  const pace = createPace({ tokens, clock: deps.clock, account, perSecond: env.MAIL_REQUESTS_PER_SECOND });
  return [
    processPayment({ ...deps, payments }),
    sendPaymentReceipt({ ...deps, payments, mailer, pace, from: env.MAIL_FROM }),
  ];
}

/** What `process-webhook` does with Stripe's webhooks. */
export const stripeWebhooks = ({ db, clock, stripe }: Pick<Dependencies, "db" | "clock" | "stripe">) =>
  stripeHandler({ stripe, payments: paymentRepository(db, clock) });
