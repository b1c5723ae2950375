import type { ResendError } from "#providers/mail/errors.ts";
import { missing, validation } from "#providers/mail/errors.ts";

/** The fields of a mail that are kept in the record. The journal contains the whole mail. */
export type Email = { from: string; to: string[]; subject: string; campaignId?: string | undefined };
export type Checked = { ok: true; email: Email } | { ok: false; error: ResendError };

const address = String.raw`[^\s@<>(),;:"\[\]\\]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)+`;
const bareAddress = new RegExp(`^${address}$`);
const namedAddress = new RegExp(`^[^<>]*<(${address})>$`);
const tagText = /^[a-zA-Z0-9_-]{1,256}$/;

const maxRecipients = 50;
const notInBatches = ["attachments", "scheduled_at"] as const;

/** The address in `a@b.c` or `Name <a@b.c>`; undefined when there is none. */
export function addressOf(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const trimmed = text.trim();
  return bareAddress.test(trimmed) ? trimmed : namedAddress.exec(trimmed)?.[1];
}

/**
 * Resend's checks of one mail, in Resend's order and with Resend's messages. One check is left out on purpose: Resend
 * refuses `example.com` and similar domains, but the stand-in's mail reaches no one anyway.
 */
export function checkEmail(
  input: unknown,
  { inBatch, refused }: { inBatch: boolean; refused: ReadonlySet<string> },
): Checked {
  if (!isRecord(input)) return no(validation("Each e-mail must be an object."));
  for (const field of ["from", "to", "subject"]) {
    if (input[field] === undefined || input[field] === null) return no(missing(field));
  }
  if (addressOf(input["from"]) === undefined) return no(badAddress("from"));

  const to = addresses(input["to"]);
  if (to === undefined || to.length === 0) return no(badAddress("to"));
  if (to.length > maxRecipients)
    return no(validation(`The \`to\` field allows at most ${maxRecipients} recipients.`));
  const refusedOne = to.find((recipient) => refused.has(recipient.toLowerCase()));
  if (refusedOne !== undefined) return no(badAddress("to"));
  for (const field of ["cc", "bcc", "reply_to"]) {
    if (input[field] !== undefined && input[field] !== null && addresses(input[field]) === undefined) {
      return no(badAddress(field));
    }
  }
  if (typeof input["subject"] !== "string") return no(validation("The `subject` field must be a `string`."));
  for (const field of ["html", "text"]) {
    const value = input[field];
    if (value !== undefined && value !== null && typeof value !== "string") {
      return no(validation(`The \`${field}\` field must be a \`string\`.`));
    }
  }
  if (!input["html"] && !input["text"]) return no(missing("html` or `text"));
  if (inBatch) {
    const unsupported = notInBatches.find((field) => input[field] !== undefined);
    if (unsupported !== undefined)
      return no(validation(`The \`${unsupported}\` field is not supported in batches.`));
  }
  if (!areHeaders(input["headers"]))
    return no(validation("The `headers` field must be an object of strings."));
  const tags = input["tags"];
  if (!areTags(tags)) {
    return no(validation("Tags should only contain ASCII letters, numbers, underscores, or dashes."));
  }
  const campaignId = tags?.find((tag) => tag.name === "campaign_id")?.value;
  return { ok: true, email: { from: String(input["from"]), to, subject: input["subject"], campaignId } };
}

function addresses(value: unknown): string[] | undefined {
  const found: string[] = [];
  for (const one of Array.isArray(value) ? value : [value]) {
    const bare = addressOf(one);
    if (bare === undefined) return undefined;
    found.push(bare);
  }
  return found;
}

const areHeaders = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (isRecord(value) && Object.values(value).every((text) => typeof text === "string"));

function areTags(value: unknown): value is readonly { name: string; value: string }[] | undefined | null {
  if (value === undefined || value === null) return true;
  return (
    Array.isArray(value) &&
    value.every(
      (tag) => isRecord(tag) && tagText.test(String(tag["name"])) && tagText.test(String(tag["value"])),
    )
  );
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const no = (error: ResendError): Checked => ({ ok: false, error });
const badAddress = (field: string) =>
  validation(
    `Invalid \`${field}\` field. The email address needs to follow the \`email@example.com\` or \`Name <email@example.com>\` format.`,
  );
