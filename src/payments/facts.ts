import { z } from "zod";
import { fact } from "#lib/fact.ts";

export const paymentFacts = [
  fact({
    type: "payment.succeeded",
    summary: "The order is paid.",
    schema: z.object({
      orderId: z.string(),
      paymentId: z.string(),
      amountCents: z.int(),
      /** ISO 4217, in lower case. */
      currency: z.string(),
    }),
    example: { orderId: "order-42", paymentId: "pi_3OqT1k2eZvKYlo2C", amountCents: 4200, currency: "usd" },
  }),
];
