import { z } from "zod";
import { mailText } from "#mail/compose.ts";

export const paymentReceipt = mailText({
  fields: z.object({ order: z.string(), amountCents: z.number(), currency: z.string() }),
  subject: "Payment received!",
  paragraphs: ["Thank you. We have received {{ amountCents | money: currency }} for your order {{ order }}."],
});
