import type { Content } from "#campaigns/render-mail.ts";
import { MERGE_FIELD } from "#mail/template.ts";

type Names = "unsubscribeUrl" | "postalAddress";

/** The merge fields that the product fills, by their spellings in lower case. */
const OURS: ReadonlyMap<string, Names> = new Map([
  ["unsubscribeurl", "unsubscribeUrl"],
  ["unsubscribe_url", "unsubscribeUrl"],
  ["postaladdress", "postalAddress"],
  ["postal_address", "postalAddress"],
]);
export const ourField = (name: string): Names | undefined => OURS.get(name.toLowerCase());

const HTML: Readonly<Record<Names, string>> = {
  unsubscribeUrl: '<a href="{{unsubscribeUrl}}" style="color:inherit">Unsubscribe</a>',
  postalAddress: "{{postalAddress}}",
};
const TEXT: Readonly<Record<Names, string>> = {
  unsubscribeUrl: "Unsubscribe: {{unsubscribeUrl}}",
  postalAddress: "{{postalAddress}}",
};

/**
 * Returns the content with a footer. The footer adds what the author's text lacks: the link to unsubscribe, and the
 * postal address.
 */
export const withFooter = ({ html, text }: Pick<Content, "html" | "text">) => ({
  html: html === null ? null : withHtmlFooter(html),
  text: withTextFooter(text),
});

function withHtmlFooter(html: string): string {
  const lines = missingIn(html).map((name) => HTML[name]);
  if (lines.length === 0) return html;
  const footer = `<p style="margin:32px 0 16px;font:13px/1.5 sans-serif;text-align:center">${lines.join("<br>")}</p>`;
  const end = html.toLowerCase().lastIndexOf("</body>");
  return end === -1 ? html + footer : html.slice(0, end) + footer + html.slice(end);
}

function withTextFooter(text: string): string {
  const lines = missingIn(text).map((name) => TEXT[name]);
  return lines.length === 0 ? text : `${text.trimEnd()}\n\n-- \n${lines.join("\n")}\n`;
}

function missingIn(source: string): Names[] {
  const used = new Set([...source.matchAll(MERGE_FIELD)].map(([, name = ""]) => ourField(name.trim())));
  return (["unsubscribeUrl", "postalAddress"] as const).filter((name) => !used.has(name));
}
