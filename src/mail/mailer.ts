import type { AppError } from "#lib/errors.ts";
import { jsonTemplate, type Template } from "#mail/template.ts";

/** A mail to one address, with its merge fields not filled yet. */
export type MailTemplate = {
  from: string;
  to: Template;
  subject: Template;
  html: Template | undefined;
  text: Template | undefined;
  replyTo: string | undefined;
  /** Further headers by name, for instance `List-Unsubscribe`. Parse their values with `asHeader`: each is one line. */
  headers?: Readonly<Record<string, Template>>;
  tags: { name: string; value: string }[];
};

/** The mail as JSON in Resend's format, in which every mailer takes it. */
export const writeMail = ({ replyTo, ...mail }: MailTemplate): Template =>
  jsonTemplate({ ...mail, reply_to: replyTo });

/**
 * The result of a batch. `refused`: certainly none of it was accepted. `unknown`: no readable answer came, so some or
 * all of it may have been accepted.
 */
export type BatchAnswer =
  | { kind: "taken"; results: MailResult[] }
  | { kind: "refused"; error: AppError }
  | { kind: "unknown"; error: AppError };

/** One result per mail, in order. A bad address does not make the other mails fail. */
export type MailResult = { messageId: string } | { code: string; words: string };

/** The interface of a mail provider. */
export type Mailer = {
  /** The provider account. All campaigns that use it share its rate limit. */
  account: string;
  /**
   * How long the provider recognises an idempotency key, so that a repeated batch is not sent twice; undefined when it
   * has no keys.
   */
  remembersKeysForMs: number | undefined;
  /**
   * Never throws: every error of the provider is an answer. `mails` come from `writeMail`. One key must always be used with
   * the same mails.
   */
  sendBatch(mails: readonly string[], idempotencyKey: string): Promise<BatchAnswer>;
};
