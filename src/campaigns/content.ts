import { z } from "zod";
import { filledText, uuid } from "#lib/http/fields.ts";
import { hasStrayBraces } from "#mail/template.ts";

const oneLine = (max: number) => filledText(max).regex(/^[^\r\n]*$/, "must be one line");
/** `a@example.com` or `Ada <a@example.com>`; no provider sends for a domain without a dot. */
const mailbox = oneLine(320).regex(
  /^(?:[^<>]*<[^\s<>@]+@[^\s<>@.]+(?:\.[^\s<>@.]+)+>|[^\s<>@]+@[^\s<>@.]+(?:\.[^\s<>@.]+)+)$/,
  "must be an address like ada@example.com, or a name and an <address>",
);
const merged = (text: z.ZodString) =>
  text.refine((source) => !hasStrayBraces(source), "has {{ that begins no merge field like {{name}}");
const body = merged(filledText(200_000));

const fields = {
  listId: uuid,
  name: oneLine(200).optional(),
  subject: merged(oneLine(998)),
  html: body.optional(),
  text: body.optional(),
  from: mailbox,
  replyTo: mailbox.optional(),
  missingField: z.enum(["fail", "empty"]).optional(),
};

/** A campaign as it is written: `{{name}}` and `{{name|friend}}` in subject, html and text are merge fields. */
export const campaignContent = z
  .strictObject(fields)
  .refine(({ html, text }) => html !== undefined || text !== undefined, {
    error: "html or text is needed",
    path: ["html"],
  });
export type CampaignContent = z.output<typeof campaignContent>;

/** What is left out stays as it is. */
export const campaignChanges = z.strictObject(fields).partial();
export type CampaignChanges = z.output<typeof campaignChanges>;
