import type { CampaignView } from "#campaigns/api-repository.ts";
import { checkHtml } from "#campaigns/check-html.ts";
import { ourField } from "#campaigns/footer.ts";
import type { Audience } from "#campaigns/preview-repository.ts";
import { asPlainText, parseTemplate } from "#mail/template.ts";

export const WARNING_CODES = [
  "no_recipients",
  "unknown_field",
  "missing_field",
  "broken_html",
  "image_without_alt",
  "field_not_encoded",
] as const;
export type Warning = { code: (typeof WARNING_CODES)[number]; message: string };
/** A campaign's texts as its author wrote them. */
type Written = Pick<CampaignView, "subject" | "html" | "text" | "missingField">;

/** The most warnings of one kind that are listed, because one fault may occur thousands of times. */
const MOST_OF_A_KIND = 10;

/** The names of the author's merge fields, and whether every use of a name has a fallback. */
export function fieldsOf({ subject, html, text }: Written): Map<string, { hasFallback: boolean }> {
  const fields = new Map<string, { hasFallback: boolean }>();
  for (const source of [subject, html ?? "", text ?? ""])
    for (const { name, fallback } of parseTemplate(source, asPlainText).fields) {
      const key = name.toLowerCase();
      if (key === "email" || ourField(key) !== undefined) continue;
      const hasFallback = fallback !== undefined && fields.get(key)?.hasFallback !== false;
      fields.set(key, { hasFallback });
    }
  return fields;
}

/** Faults that an author should correct before sending. They are only warnings: the campaign can be sent with them. */
export const warningsOf = (
  content: Written,
  audience: Pick<Audience, "recipients" | "fields">,
): Warning[] => [
  ...(audience.recipients === 0
    ? [{ code: "no_recipients", message: "The list has no subscriber who may get this mail" } as const]
    : []),
  ...fieldWarnings(content, audience),
  ...htmlWarnings(content.html ?? ""),
];

function fieldWarnings(
  content: Written,
  { fields: { checked, missing } }: Pick<Audience, "fields">,
): Warning[] {
  if (checked === 0) return [];
  const fate = content.missingField === "fail" ? "their mails fail" : "it is left empty";
  const warnings = [...fieldsOf(content)].flatMap(([name, { hasFallback }]): Warning[] => {
    const lacking = missing[name] ?? 0;
    if (lacking === checked)
      return [{ code: "unknown_field", message: `No recipient has a value for {{${name}}}` }];
    if (hasFallback || lacking === 0) return [];
    const message = `${lacking} of ${checked} checked recipients have no value for {{${name}}}: ${fate}`;
    return [{ code: "missing_field", message }];
  });
  return warnings.slice(0, 2 * MOST_OF_A_KIND);
}

function htmlWarnings(html: string): Warning[] {
  const { broken, images, fields } = checkHtml(html, MOST_OF_A_KIND);
  return [
    ...broken.map((message): Warning => ({ code: "broken_html", message })),
    ...images.map((src): Warning => {
      const message = `The image ${src} has no alt text: write alt="" if it only decorates`;
      return { code: "image_without_alt", message };
    }),
    ...fields.map((field): Warning => {
      const message = `{{${field}}} in the query of a link can break the link: write {{${field}|url_encode}}`;
      return { code: "field_not_encoded", message };
    }),
  ];
}
