import type { AppError } from "#lib/errors.ts";
import type { Template } from "#mail/template.ts";

/** A mail to one address whose merge fields are still open. */
export type MailTemplate = {
  from: string;
  to: Template;
  subject: Template;
  html: Template | undefined;
  text: Template | undefined;
  replyTo: string | undefined;
  tags: { name: string; value: string }[];
};

/**
 * What became of a batch. `refused`: for certain none of it was taken. `unknown`: no readable answer came, so some
 * or all of it may have been taken.
 */
export type BatchAnswer =
  | { kind: "taken"; results: MailResult[] }
  | { kind: "refused"; error: AppError }
  | { kind: "unknown"; error: AppError };

/** In the order of the mails; one bad address fails alone. */
export type MailResult = { messageId: string } | { code: string; words: string };

/** A mail provider, as the product sees it. */
export type Mailer = {
  /** Whose limits count: all who share an account share its pace. */
  account: string;
  /** How long the provider recognises a key, so that a repeated batch is not sent twice; undefined: it knows no keys. */
  remembersKeysForMs: number | undefined;
  /** The mail as the provider takes it in a request, JSON. */
  write(mail: MailTemplate): Template;
  /**
   * Never throws: what a provider does wrong is an answer too. `mails`: as `write` made them. The same key must
   * always come with the same mails.
   */
  sendBatch(mails: readonly string[], idempotencyKey: string): Promise<BatchAnswer>;
};
