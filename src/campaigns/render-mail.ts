import type { Mail } from "#campaigns/mailer.ts";
import {
  asHeader,
  asPlainText,
  escapeHtml,
  type Fields,
  fillTemplate,
  parseTemplate,
} from "#campaigns/template.ts";

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

export type Rendered = { mail: Mail } | { missing: string[] };

/** Parses the content once; what it returns renders one recipient and depends on nothing else. */
export function createRenderer(campaignId: string, content: Content): (recipient: Recipient) => Rendered {
  const subject = parseTemplate(content.subject);
  const html = content.html === null ? undefined : parseTemplate(content.html);
  const text = content.text === null ? undefined : parseTemplate(content.text);
  const replyTo = content.replyTo ?? undefined;
  const tags = [{ name: "campaign_id", value: campaignId }];
  return ({ email, fields }) => {
    const missing: string[] = [];
    const values = { ...fields, email };
    // One shape for all, written once: a campaign renders a hundred thousand of these.
    const mail: Mail = {
      from: content.from,
      to: email,
      subject: fillTemplate(subject, values, asHeader, missing),
      html: html && fillTemplate(html, values, escapeHtml, missing),
      text: text && fillTemplate(text, values, asPlainText, missing),
      replyTo,
      tags,
    };
    return content.missingField === "fail" && missing.length > 0
      ? { missing: [...new Set(missing)] }
      : { mail };
  };
}
