import type { AppError, ErrorCode } from "#lib/errors.ts";
import { categoryOf } from "#lib/outside/provider-answer.ts";
import { jsonTemplate, type Template } from "#mail/template.ts";

/** A mail to one address, whose merge fields are not filled yet. */
export type MailTemplate = {
  from: string;
  to: Template;
  subject: Template;
  html: Template | undefined;
  text: Template;
  reply_to: string | undefined;
  /** Further headers by name, for instance `List-Unsubscribe`. Parse their values with `asHeader`: each is one line. */
  headers?: Readonly<Record<string, Template>>;
  tags: { name: string; value: string }[];
};

/** The mail as JSON in Resend's format, which every mailer accepts. */
export const writeMail: (mail: MailTemplate) => Template = jsonTemplate;

/**
 * The answer to a batch:
 * - `taken`: the results are final. A mail without a result was not sent, because there was no time.
 * - `refused`: certainly no mail without a result was accepted.
 * - `unknown`: no readable answer came, so some or all of the mails may have been accepted.
 * - `stopped`: the provider was not asked now. `error` says how long to wait before asking.
 */
export type BatchAnswer = { kind: "taken"; results: Results } | Stop;
export type Stop = { kind: "refused" | "unknown" | "stopped"; error: AppError; results?: Results };

/** The results of the mails, by position in the batch. A bad address fails only its own mail. */
type Results = readonly (MailResult | undefined)[];
/** `doubt`: whether this mail was accepted is not known. */
export type MailResult = { messageId: string } | { code: ErrorCode; words: string } | { doubt: string };

/** Whether the provider refuses all our mail, so that another provider may be asked. */
export const refusesAll = ({ kind, error }: Stop): boolean =>
  kind === "refused" && (categoryOf(error) === "configuration" || error.code === "provider_unavailable");

/** The interface of a mail provider. */
export type Mailer = {
  /** The provider account. All campaigns that use it share its rate limit. */
  account: string;
  /**
   * How long the provider recognizes an idempotency key, so that a repeated batch is not sent twice; undefined when the
   * provider has no keys.
   */
  remembersKeysForMs: number | undefined;
  /**
   * Never throws: the answer contains the provider's error. `mails` come from `writeMail`. One key must always be used
   * with the same mails.
   */
  sendBatch(mails: readonly string[], idempotencyKey: string): Promise<BatchAnswer>;
};
