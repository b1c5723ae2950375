import type { MailText } from "#mail/compose.ts";
import { paymentReceipt } from "#mail/templates/payment-receipt.ts";
import { reportReady } from "#mail/templates/report-ready.ts";

/** The mails that the product writes itself, by the name that `private.send_mail` is called with. */
export const templates: Readonly<Record<string, MailText>> = {
  "payment-receipt": paymentReceipt,
  "report-ready": reportReady,
};
