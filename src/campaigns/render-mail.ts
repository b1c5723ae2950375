import type { Mail } from "#campaigns/mailer.ts";
import {
  asHeader,
  asPlainText,
  type Escape,
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
  const subject = part(content.subject, asHeader);
  const html = part(content.html, escapeHtml);
  const text = part(content.text, asPlainText);
  const always = {
    from: content.from,
    ...(content.replyTo === null ? {} : { replyTo: content.replyTo }),
    tags: [{ name: "campaign_id", value: campaignId }],
  };
  return ({ email, fields }) => {
    const values: Fields = { ...fields, email };
    const missing = new Set<string>();
    const mail: Mail = { ...always, to: email, subject: subject?.(values, missing) ?? "" };
    if (html) mail.html = html(values, missing);
    if (text) mail.text = text(values, missing);
    return content.missingField === "fail" && missing.size > 0 ? { missing: [...missing] } : { mail };
  };
}

function part(source: string | null, escape: Escape) {
  if (source === null) return undefined;
  const template = parseTemplate(source);
  return (values: Fields, missing: Set<string>) => fillTemplate(template, values, escape, missing);
}
