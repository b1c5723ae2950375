import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";

export const orderStatus = z.enum(["pending", "paid", "refunded"]);

const orderRow = z.object({
  id: z.string(),
  status: orderStatus,
  amount_cents: z.number(),
  currency: z.string(),
  created_at: z.string(),
  paid_at: z.string().nullable(),
  payment_id: z.string().nullable(),
  payment_status: z.string().nullable(),
  job_id: z.string().nullable(),
});
export type OrderRow = z.output<typeof orderRow>;

const paymentRow = z.object({
  id: z.string(),
  status: z.string(),
  amount_cents: z.number(),
  refunded_cents: z.number(),
  currency: z.string(),
  failure_code: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  order_id: z.string().nullable(),
  order_status: orderStatus.nullable(),
  job_id: z.string().nullable(),
});
export type PaymentRow = z.output<typeof paymentRow>;

export type OrderRepository = ReturnType<typeof orderRepository>;

/** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
export function orderRepository(db: DatabaseClient, clock: Clock) {
  const { callTimeless } = createCall(db, clock);
  return {
    /** `owner: null` is an administrator. */
    orders: (owner: string | null, status: string | undefined, limit: number, before?: Position) =>
      callTimeless(
        "list_orders",
        { owner, status, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        orderRow.array(),
      ),

    payments: (status: string | undefined, limit: number, before?: Position) =>
      callTimeless(
        "list_payments",
        { status, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        paymentRow.array(),
      ),
  };
}
