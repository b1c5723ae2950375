import { z } from "zod";
import { ourField, withFooter } from "#campaigns/footer.ts";
import { imprint } from "#campaigns/imprint.ts";
import { writeMail } from "#mail/mailer.ts";
import {
  asHeader,
  asPlainText,
  escapeHtml,
  type Fields,
  fillTemplate,
  parseTemplate,
} from "#mail/template.ts";
import type { UnsubscribeLinks } from "#mail/unsubscribe-links.ts";

/**
 * The content of a campaign as it is sent, equal for all recipients. The content is immutable once the campaign is
 * queued, so that a retry renders the same bytes.
 */
export const writtenContent = z.object({
  subject: z.string(),
  html: z.string().nullable(),
  /** The author's text, or else the text that was made from the HTML. */
  text: z.string(),
  from: z.string(),
  replyTo: z.string().nullable(),
  /**
   * What happens to a recipient without a value for a merge field that has no fallback: the mail fails, or the field is
   * empty.
   */
  missingField: z.enum(["fail", "empty"]),
  listId: z.string(),
});
export type WrittenContent = z.output<typeof writtenContent>;
export const content = writtenContent.extend({ imprint });
export type Content = z.output<typeof content>;

/** A recipient: the subscriber's id, with the address and fields at the time when the campaign was planned. */
export type Recipient = [id: number, email: string, fields: Fields];

/** Returns one recipient's mail in the provider's format, or the merge fields for which the recipient has no value. */
export type Render = (...recipient: Recipient) => { mail: string } | { missing: string[] };

/**
 * Compiles the content once. The returned function renders one recipient's mail and
 * depends on nothing else.
 */
export function createRenderer(
  campaignId: string,
  content: Content,
  links: Pick<UnsubscribeLinks, "signer">,
): Render {
  const { postalAddress, linkBase, linkKeyId } = content.imprint;
  const tokenFor = links.signer(linkKeyId, content.listId);
  const { html, text } = withFooter(content);
  const mail = writeMail({
    from: content.from,
    to: parseTemplate("{{email}}", asPlainText),
    subject: parseTemplate(content.subject, asHeader),
    html: html === null ? undefined : parseTemplate(html, escapeHtml),
    text: parseTemplate(text, asPlainText),
    reply_to: content.replyTo ?? undefined,
    headers: {
      "List-Unsubscribe": parseTemplate("<{{unsubscribeUrl}}>", asHeader),
      "List-Unsubscribe-Post": parseTemplate("List-Unsubscribe=One-Click", asHeader),
    },
    tags: [{ name: "campaign_id", value: campaignId }],
  });
  return (id, email, fields) => {
    const missing: string[] = [];
    const ours = { unsubscribeUrl: linkBase + tokenFor(id), postalAddress };
    const value = (name: string): unknown => {
      if (name.toLowerCase() === "email") return email;
      const our = ourField(name);
      return our === undefined ? valueOf(fields, name) : ours[our];
    };
    const filled = fillTemplate(mail, value, missing);
    return content.missingField === "fail" && missing.length > 0
      ? { missing: [...new Set(missing)] }
      : { mail: filled };
  };
}

/** The value of the field with this name. An exact match comes first, then a match that ignores case. */
function valueOf(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  const key = name.toLowerCase();
  const like = Object.keys(fields).find((field) => field.toLowerCase() === key);
  return like === undefined ? undefined : fields[like];
}
