import { z } from "zod";
import { mailbox } from "#lib/email-address.ts";
import { filledText, uuid } from "#lib/http/fields.ts";
import { findForeignSyntax } from "#mail/foreign-syntax.ts";
import { asPlainText, parseTemplate } from "#mail/template.ts";

const oneLine = (max: number) => filledText(max).regex(/^[^\r\n]*$/, "must be one line");
/**
 * With this limit, a text of 200,000 characters stays under a megabyte, even when each field is filled with 2,000
 * characters.
 */
const MOST_MERGE_FIELDS = 200;
/** The limit for the name of a subscriber's field. */
const LONGEST_NAME = 100;

const merged = (text: z.ZodString) =>
  text
    .superRefine((source, context) => {
      const wrong = findForeignSyntax(source);
      if (wrong === undefined) return;
      const { line, column, message } = wrong;
      context.addIssue({ code: "custom", message: `line ${line}, column ${column}: ${message}` });
    })
    .superRefine((source, context) => {
      const { fields } = parseTemplate(source, asPlainText);
      if (fields.length > MOST_MERGE_FIELDS)
        context.addIssue({ code: "custom", message: `at most ${MOST_MERGE_FIELDS} merge fields` });
      if (fields.some(({ name }) => name.length > LONGEST_NAME))
        context.addIssue({
          code: "custom",
          message: `a merge field's name has at most ${LONGEST_NAME} characters`,
        });
    });
const body = merged(filledText(200_000));
/**
 * The limit for start and end tags, because each tag takes time to read. A mail of 200,000 characters has about 5,000.
 */
const MOST_TAGS = 10_000;
const htmlBody = body.refine((html) => (html.match(/<[a-z/]/gi)?.length ?? 0) <= MOST_TAGS, {
  error: `at most ${MOST_TAGS} tags: make the mail shorter, or link to the rest`,
});

const fields = {
  listId: uuid,
  name: oneLine(200).optional(),
  subject: merged(oneLine(998)),
  html: htmlBody.optional(),
  text: body.optional(),
  from: mailbox,
  replyTo: mailbox.optional(),
  missingField: z.enum(["fail", "empty"]).optional(),
};

/** A campaign as its author writes it. `{{name}}` and `{{name|friend}}` in subject, html and text are merge fields. */
export const campaignContent = z
  .strictObject(fields)
  .refine(({ html, text }) => html !== undefined || text !== undefined, {
    error: "html or text is needed",
    path: ["html"],
  });
export type CampaignContent = z.output<typeof campaignContent>;

/**
 * Fields that are left out keep their values. Null removes the value of `html`, `text` or `replyTo`. With `version`, a
 * draft that has another version is not changed (409).
 */
export const campaignChanges = z
  .strictObject({
    ...fields,
    html: htmlBody.nullable(),
    text: body.nullable(),
    replyTo: mailbox.nullable(),
    version: z.int().min(1).max(2_147_483_647),
  })
  .partial();
export type CampaignChanges = z.output<typeof campaignChanges>;
