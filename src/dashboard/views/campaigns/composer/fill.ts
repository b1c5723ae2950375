import type { Subscriber } from "#dashboard/types.ts";
import { asPlainText, escapeHtml, fillTemplate, parseTemplate } from "#mail/template.ts";

type Recipient = Pick<Subscriber, "email" | "fields">;
const EXAMPLE: Recipient = { email: "reader@example.com", fields: {} };

/** Fills merge fields as sending does, for the live preview. A field without a value stays as it is written. */
export function fill(source: string, format: "html" | "text", recipient: Recipient = EXAMPLE): string {
  const values = new Map(
    Object.entries(recipient.fields).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const escape = format === "html" ? escapeHtml : asPlainText;
  const valueOf = (name: string) =>
    name.toLowerCase() === "email" ? recipient.email : values.get(name.toLowerCase());
  const template = parseTemplate(source, escape);
  const open = template.fields.map(({ name, fallback, ...rest }) => ({
    ...rest,
    name,
    fallback: fallback ?? `{{${name}}}`,
  }));
  return fillTemplate({ texts: template.texts, fields: open }, valueOf, []);
}
