import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { type Job, jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

/** What decides which of two states is newer: see `private.is_newer_state` in SQL. */
export type State = { sequence: number } | { isFinal: boolean; at: string; rank: number };

/** The fields of a payment that the provider sent. Without a status, only the other fields are added. */
export type PaymentFacts = {
  id: string;
  orderId?: string | undefined;
  email?: string | undefined;
  refundedCents?: number | undefined;
} & (
  | { state: State; status: string; amountCents: number; currency: string; failureCode?: string | undefined }
  | { status?: never }
);

export type SubscriptionFacts = {
  id: string;
  state: State;
  status: string;
  customerId: string;
  priceId: string | undefined;
  currentPeriodEnd: string | undefined;
  cancelAtPeriodEnd: boolean;
};

type Wanted = { orderId: string; amountCents: number; key: string };

const begun = z.object({
  paymentId: z.string().nullable(),
  /** The idempotency key for the provider. */
  key: z.string(),
  askedAt: z.string().nullable(),
});

export type PaymentRepository = ReturnType<typeof paymentRepository>;

export function paymentRepository(db: DatabaseClient, clock: Clock) {
  const { call } = createCall(db, clock);
  return {
    accept: (
      payment: Omit<Wanted, "key"> & { email?: string | undefined },
      request: JobRequest,
    ): Promise<Job> => call("accept_payment", { payment, request }, jobRow),

    /**
     * Reserves the order for one key, and names the event's job as the order's job. `paymentId` is set when the order
     * already has a payment.
     */
    begin: (payment: Wanted & { eventId: string }) => call("begin_payment", { payment }, begun),

    /** Gives the order another key, unless the provider got the newest key after `forgottenBefore`. */
    renewKey: (orderId: string, forgottenBefore: Date) =>
      call("renew_payment_key", { orderId, forgottenBefore: forgottenBefore.toISOString() }, begun),

    /** Returns the id of the order's payment. */
    settle: (payment: PaymentFacts) => call("settle_payment", { payment }, z.string()),

    /** Returns whether this state was newer than the stored one. */
    apply: (payment: PaymentFacts) => call("apply_payment", { payment }, z.boolean()),
    applySubscription: (subscription: SubscriptionFacts) =>
      call("apply_subscription", { subscription }, z.boolean()),
  };
}
