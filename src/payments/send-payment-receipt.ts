import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { AppError } from "#lib/errors.ts";
import { type Mailer, writeMail } from "#mail/mailer.ts";
import type { Pace } from "#mail/pace.ts";
import { asHeader, asPlainText, fillTemplate, parseTemplate } from "#mail/template.ts";
import { sendReceiptRequested } from "#payments/events.ts";
import type { PaymentRepository, Receipt } from "#payments/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  payments: Pick<PaymentRepository, "beginReceipt" | "settleReceipt">;
  mailer: Mailer;
  pace: Pick<Pace, "reach">;
  from: string;
  mailMode: () => Promise<MailMode>;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** Mails "Payment received!" once: the mailer's idempotency key is the order's. */
export const sendPaymentReceipt = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "send-payment-receipt",
      triggers: [sendReceiptRequested],
      ...deps.flow.prioritized(10),
      ...tries("email"),
      onFailure: deps.onFailure,
    },
    async ({ event, step }) => {
      const { orderId } = event.data;
      const messageId = await step.run("send", () => send(deps, orderId));
      if (messageId === null) return { orderId, status: "skipped", reason: "the address is suppressed" };
      await step.run("settle", () => deps.payments.settleReceipt(orderId, messageId));
      return { orderId, messageId };
    },
  );

/** The provider's id of the mail; null: the address gets no mail. */
async function send(deps: Dependencies, orderId: string): Promise<string | null> {
  const { mailer, payments } = deps;
  const mode = await deps.mailMode();
  if (mode.mode === "hold") throw new AppError("environment_fenced", mode.reason);
  const waitMs = await deps.pace.reach();
  if (waitMs > 0) {
    throw new AppError("provider_rate_limited", "The mailer asks for a pause", { retryAfterMs: waitMs });
  }
  const receipt = await payments.beginReceipt(orderId);
  if (receipt.messageId !== null) return receipt.messageId;
  if (receipt.suppression !== null) return null;
  refuseForgottenKey(deps, receipt);
  const answer = await mailer.sendBatch([write(deps, orderId, receipt)], `receipt:${orderId}`);
  if (answer.kind !== "taken") throw answer.error;
  const [result] = answer.results;
  if (result !== undefined && "messageId" in result) return result.messageId;
  throw new AppError("invalid_recipient", "The mailer refuses the address of this order");
}

/** A mail whose key the mailer has forgotten could be sent twice. */
function refuseForgottenKey({ mailer, clock }: Dependencies, { askedAt }: Receipt): void {
  if (askedAt === null) return;
  const ageMs = clock.now().getTime() - Date.parse(askedAt);
  if (ageMs < (mailer.remembersKeysForMs ?? 0)) return;
  throw new AppError("outcome_unknown", "The mailer was asked before, and no longer knows the key");
}

function write({ from }: Dependencies, orderId: string, receipt: Receipt): string {
  const { email, amountCents, currency } = receipt;
  if (email === null || amountCents === null || currency === null) {
    throw new AppError("not_found", "There is no order with an address");
  }
  const total = new Intl.NumberFormat("en-US", { style: "currency", currency }).format(amountCents / 100);
  const mail = writeMail({
    from,
    to: parseTemplate("{{email}}", asPlainText),
    subject: parseTemplate("Payment received!", asHeader),
    html: undefined,
    text: parseTemplate("Thank you. We have received {{total}} for your order {{order}}.\n", asPlainText),
    replyTo: undefined,
    tags: [{ name: "kind", value: "receipt" }],
  });
  const fields: Readonly<Record<string, string>> = { email, total, order: orderId };
  return fillTemplate(mail, (name) => fields[name], []);
}
