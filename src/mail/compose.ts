import { Liquid } from "liquidjs";
import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { money } from "#lib/money.ts";

/** A mail of the product itself, in Liquid. The HTML and the plain text are made from the same paragraphs. */
export type MailText = {
  /** The schema that checks the values before the mail is written. */
  fields: z.ZodType<object>;
  subject: string;
  /** An empty paragraph is left out. */
  paragraphs: readonly string[];
  /** A button in HTML, and a line in plain text. `url` must be an https address. */
  action?: { label: string; url: string };
};

/** Declares a mail. */
export const mailText = (text: MailText): MailText => text;

/** The values of a mail whose text was written by its room: they contain the whole text. */
export const WRITTEN = z.object({
  from: z.string(),
  replyTo: z.string().nullable(),
  subject: z.string(),
  html: z.string().nullable(),
  text: z.string(),
});
export type WrittenMail = z.output<typeof WRITTEN>;

export type Composed = { subject: string; text: string; html: string };

const engine = (escape: "escape" | undefined) => {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    ...(escape === undefined ? {} : { outputEscape: escape }),
  });
  liquid.registerFilter("money", money);
  return liquid;
};
const plain = engine(undefined);
const html = engine("escape");

const LAYOUT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ subject }}</title></head>
<body style="margin:0;padding:32px 16px;background:#f6f6f9">
<div style="max-width:560px;margin:0 auto;padding:32px;background:#fff;border-radius:12px;font:16px/1.6 system-ui,sans-serif;color:#22252c">
{% for paragraph in paragraphs %}<p style="margin:0 0 16px">{{ paragraph }}</p>
{% endfor %}{% if action %}<p style="margin:24px 0 0"><a href="{{ action.url }}" style="display:inline-block;padding:10px 20px;border-radius:8px;background:#5546c9;color:#fff;text-decoration:none">{{ action.label }}</a></p>
{% endif %}</div></body></html>
`;

/** Writes a mail. Throws `configuration` when the template or the values are wrong, because no retry helps then. */
export function compose(mail: MailText, values: unknown): Composed {
  const parsed = mail.fields.safeParse(values);
  if (!parsed.success) {
    throw new AppError("configuration", "The mail lacks values of its template", { cause: parsed.error });
  }
  const fill = (source: string) => String(plain.parseAndRenderSync(source, parsed.data));
  const subject = oneLine(fill(mail.subject));
  const paragraphs = mail.paragraphs.map(fill).filter((paragraph) => paragraph !== "");
  const action = mail.action && { label: fill(mail.action.label), url: fill(mail.action.url) };
  return {
    subject,
    text: `${[...paragraphs, ...(action ? [`${action.label}: ${action.url}`] : [])].join("\n\n")}\n`,
    html: String(html.parseAndRenderSync(LAYOUT, { subject, paragraphs, action: action ?? null })),
  };
}

/** The text as one line, because a header must be one line. */
const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();
