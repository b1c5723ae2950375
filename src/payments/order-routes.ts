import { z } from "zod";
import { jobUrl } from "#jobs/view.ts";
import { filledText } from "#lib/http/fields.ts";
import { pageQueryBy, toPage } from "#lib/http/pages.ts";
import { json, ownerOf, type Route, route } from "#lib/http/route.ts";
import {
  type OrderRepository,
  type OrderRow,
  orderStatus,
  type PaymentRow,
} from "#payments/order-repository.ts";

type Dependencies = { orders: OrderRepository };

/** The job that was accepted or began to run last to make the payment; null when there is none. */
const links = z.object({ job: z.string().nullable() });

export const orderView = z.object({
  id: z.string(),
  status: orderStatus,
  /** The amount as Stripe counts it: in hundredths, or in the smallest unit of a currency that has no hundredths. */
  amountCents: z.number(),
  /** ISO 4217, in lower case. */
  currency: z.string(),
  paymentId: z.string().nullable(),
  /** The provider's status. */
  paymentStatus: z.string().nullable(),
  createdAt: z.string(),
  paidAt: z.string().nullable(),
  links,
});

export const paymentView = z.object({
  /** The provider's id: `pi_…`. */
  id: z.string(),
  /** The provider's status: `succeeded`, `requires_payment_method`, …. */
  status: z.string(),
  amountCents: z.number(),
  refundedCents: z.number(),
  currency: z.string(),
  failureCode: z.string().nullable(),
  /** Null: the payment names no order. */
  orderId: z.string().nullable(),
  orderStatus: orderStatus.nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  links,
});

const ids = filledText(300);

export const orderRoutes = ({ orders }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/orders",
    policy: "user",
    summary: "Orders and the states of their payments, newest first",
    query: z.object({ ...pageQueryBy(ids), status: orderStatus.optional() }),
    responses: { 200: z.object({ items: z.array(orderView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { status, limit, cursor }, requester }) => {
      const rows = await orders.orders(ownerOf(requester), status, limit, cursor);
      const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }));
      return json(200, { ...page, items: page.items.map(toOrderView) });
    },
  }),
  route({
    method: "GET",
    path: "/api/payments",
    policy: "admin",
    summary: "Payments as the provider reports them, newest first; also those that name no order",
    query: z.object({ ...pageQueryBy(ids), status: filledText(100).optional() }),
    responses: { 200: z.object({ items: z.array(paymentView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { status, limit, cursor } }) => {
      const rows = await orders.payments(status, limit, cursor);
      const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }));
      return json(200, { ...page, items: page.items.map(toPaymentView) });
    },
  }),
];

const linksOf = (jobId: string | null) => ({ job: jobId === null ? null : jobUrl(jobId) });

const toOrderView = (row: OrderRow): z.output<typeof orderView> => ({
  id: row.id,
  status: row.status,
  amountCents: row.amount_cents,
  currency: row.currency,
  paymentId: row.payment_id,
  paymentStatus: row.payment_status,
  createdAt: row.created_at,
  paidAt: row.paid_at,
  links: linksOf(row.job_id),
});

const toPaymentView = (row: PaymentRow): z.output<typeof paymentView> => ({
  id: row.id,
  status: row.status,
  amountCents: row.amount_cents,
  refundedCents: row.refunded_cents,
  currency: row.currency,
  failureCode: row.failure_code,
  orderId: row.order_id,
  orderStatus: row.order_status,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  links: linksOf(row.job_id),
});
