import { writeMail } from "#mail/mailer.ts";
import {
  asHeader,
  asPlainText,
  escapeHtml,
  type Fields,
  fillTemplate,
  parseTemplate,
} from "#mail/template.ts";

/**
 * The content of a campaign, equal for all recipients. Immutable once queued, so that a retry renders the same bytes.
 */
export type Content = {
  subject: string;
  html: string | null;
  text: string | null;
  from: string;
  replyTo: string | null;
  /**
   * What happens to a recipient without a value for a merge field that has no fallback: the mail fails, or the field is
   * empty.
   */
  missingField: "fail" | "empty";
};

/** A recipient as planned: the subscriber's id, with the address and fields at that time. */
export type Recipient = { id: number; email: string; fields: Fields };

/** One recipient's mail as the provider accepts it, or the fields that it lacks. */
export type Rendered = { mail: string } | { missing: string[] };
export type Render = (recipient: Recipient) => Rendered;

/**
 * Compiles the content once. The returned function renders one recipient's mail and
 * depends on nothing else.
 */
export function createRenderer(campaignId: string, content: Content): Render {
  const mail = writeMail({
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

/** The field with that name, exactly or in another case. */
function valueOf(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  const key = name.toLowerCase();
  const like = Object.keys(fields).find((field) => field.toLowerCase() === key);
  return like === undefined ? undefined : fields[like];
}
