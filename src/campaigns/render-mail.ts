import type { MailTemplate } from "#mail/mailer.ts";
import {
  asHeader,
  asPlainText,
  escapeHtml,
  type Fields,
  fillTemplate,
  parseTemplate,
  type Template,
} from "#mail/template.ts";

/** What a campaign says to everybody. Immutable once queued, so that a retry renders the same bytes. */
export type Content = {
  subject: string;
  html: string | null;
  text: string | null;
  from: string;
  replyTo: string | null;
  /** What a merge field without a fallback does for whoever lacks it: that recipient fails, or it is empty. */
  missingField: "fail" | "empty";
};

/** As planned: the subscriber's id, and address and fields as they were then. */
export type Recipient = { id: number; email: string; fields: Fields };

/** One recipient's mail as the provider takes it, or the fields that are missing for it. */
export type Rendered = { mail: string } | { missing: string[] };
export type Render = (recipient: Recipient) => Rendered;

/**
 * Writes the content once, in the provider's own format; what it returns fills in one recipient and depends on nothing
 * else.
 */
export function createRenderer(
  campaignId: string,
  content: Content,
  write: (mail: MailTemplate) => Template,
): Render {
  const mail = write({
    from: content.from,
    to: parseTemplate("{{email}}", asPlainText),
    subject: parseTemplate(content.subject, asHeader),
    html: content.html === null ? undefined : parseTemplate(content.html, escapeHtml),
    text: content.text === null ? undefined : parseTemplate(content.text, asPlainText),
    replyTo: content.replyTo ?? undefined,
    tags: [{ name: "campaign_id", value: campaignId }],
  });
  return ({ email, fields }) => {
    const missing: string[] = [];
    const filled = fillTemplate(
      mail,
      (name) => (name.toLowerCase() === "email" ? email : valueOf(fields, name)),
      missing,
    );
    return content.missingField === "fail" && missing.length > 0
      ? { missing: [...new Set(missing)] }
      : { mail: filled };
  };
}

/** The field of that name: as it is written, or in any other case. */
function valueOf(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  const key = name.toLowerCase();
  const like = Object.keys(fields).find((field) => field.toLowerCase() === key);
  return like === undefined ? undefined : fields[like];
}
