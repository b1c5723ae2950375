import { z } from "zod";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { address } from "#lib/email-address.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import { amount, idempotencyKey, orderId, processPaymentRequested } from "#payments/events.ts";
import type { PaymentRepository } from "#payments/repository.ts";

type Dependencies = { payments: Pick<PaymentRepository, "accept">; jobs: Pick<Jobs, "accept"> };

export const paymentRoutes = ({ payments, jobs }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/payments",
    policy: "app",
    summary: "Make the payment of an order, in cents of US dollars; repeated requests make no second payment",
    takesKey: false,
    body: z.object({ orderId, amount, idempotencyKey, email: address.optional() }),
    responses: { 202: acceptedView },
    handler: async ({ body: { email, ...payment }, requester }) => {
      const { orderId: id, amount: amountCents, idempotencyKey: key } = payment;
      const wanted = request(processPaymentRequested, payment, {
        requester,
        key: `payment:${key}`,
        functionId: "process-payment",
      });
      const job = await jobs.accept(wanted, (asked) =>
        payments.accept({ orderId: id, amountCents, email }, asked),
      );
      return json(202, accepted("Processing", job.id));
    },
  }),
];
