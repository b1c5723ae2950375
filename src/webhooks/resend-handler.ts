import { z } from "zod";
import type { MailReport, Outcome, ReportsRepository } from "#mail/reports-repository.ts";
import { type Handler, parsePayload } from "#webhooks/handler.ts";

type Dependencies = { reports: Pick<ReportsRepository, "record"> };

const id = z.string().min(1).max(200);
const address = z.string().min(3).max(320);
const name = z.string().max(100);
const words = z.string().max(20_000);

const bounce = z.looseObject({
  type: name.optional(),
  subType: name.optional(),
  message: words.optional(),
  diagnosticCode: z.union([words, z.array(words)]).optional(),
});
type Bounce = z.output<typeof bounce>;

const aboutMail = z.looseObject({
  data: z.looseObject({
    email_id: id,
    to: z.array(address).min(1),
    /** Resend sends tags as an object by name; formerly it sent a list. */
    tags: z
      .union([z.record(z.string(), z.string()), z.array(z.object({ name: z.string(), value: z.string() }))])
      .optional(),
    bounce: bounce.optional(),
  }),
});

const aboutAddress = z.looseObject({
  data: z.looseObject({ email: address, origin: name.optional() }),
});

const REASONS: Readonly<Record<string, "bounced" | "complained">> = {
  bounce: "bounced",
  complaint: "complained",
};

/** Resend's reports about mails and addresses. */
export const resendHandler =
  ({ reports }: Dependencies): Handler =>
  async (webhook) => {
    // The earlier time counts, because Resend's clock may be ahead of ours.
    const times = [webhook.occurredAt ?? webhook.receivedAt, webhook.receivedAt].map((at) => Date.parse(at));
    const at = new Date(Math.min(...times)).toISOString();
    const report = webhook.type.startsWith("suppression.")
      ? reportOnAddress(webhook, at)
      : reportOnMail(webhook, at);
    const isNew = report !== undefined && (await reports.record(report));
    return { verdict: isNew ? "applied" : "unchanged" };
  };

function reportOnAddress(webhook: Parameters<Handler>[0], at: string): MailReport {
  const { email, origin = "" } = parsePayload(webhook, aboutAddress).data;
  const outcome = webhook.type === "suppression.removed" ? "removed" : "added";
  return { outcome, address: email, at, note: origin, reason: REASONS[origin] ?? "by_provider" };
}

/**
 * Undefined when the mail had several addresses, because the report does not say which one it is about. Our mails have
 * one address each.
 */
function reportOnMail(webhook: Parameters<Handler>[0], at: string): MailReport | undefined {
  const { email_id: messageId, to, tags, bounce } = parsePayload(webhook, aboutMail).data;
  const [address] = to;
  if (address === undefined || to.length > 1) return undefined;
  const campaign = Array.isArray(tags)
    ? tags.find((tag) => tag.name === "campaign_id")?.value
    : tags?.["campaign_id"];
  const { outcome, note } = classify(webhook.type, bounce);
  return { outcome, note, messageId, address, at, campaignId: z.uuid().safeParse(campaign).data };
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  "email.delivered": "delivered",
  "email.complained": "complained",
  "email.suppressed": "suppressed",
};

/** The status codes with which a server refuses the sender (RFC 3463, RFC 7372): DKIM, SPF, DMARC, policy. */
const REFUSAL = /\b5\.7\.\d{1,3}\b/;

/**
 * The outcome that a report describes. A bounce without a type counts as final, because Resend reports final bounces.
 */
export function classify(type: string, bounce: Bounce = {}): { outcome: Outcome; note: string } {
  const known = OUTCOMES[type];
  const { type: kind, subType, message = "", diagnosticCode = [] } = bounce;
  const refusal = REFUSAL.exec([message, diagnosticCode].flat().join("\n"))?.[0];
  const note = [kind, subType, refusal].filter((one) => one !== undefined).join(", ");
  if (known !== undefined) return { outcome: known, note };
  if (refusal !== undefined) return { outcome: "refused", note };
  return { outcome: kind === undefined || kind === "Permanent" ? "bounced" : "soft_bounced", note };
}
