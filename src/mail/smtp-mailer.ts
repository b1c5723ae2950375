import { Readable } from "node:stream";
import MailComposer from "nodemailer/lib/mail-composer";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import type { Env } from "#lib/env.ts";
import { AppError, type ErrorCode } from "#lib/errors.ts";
import type { BatchAnswer, Mailer, MailResult } from "#mail/mailer.ts";
import { connectSmtp, type SmtpError, toSmtpError } from "#mail/smtp-connection.ts";
import type { SmtpPace } from "#mail/smtp-pace.ts";

type Settings = Pick<Env, "SMTP_URL" | "NIGHTSHIFT_ENV">;
/** After this time no further mail of the batch begins, so that a step ends in time. */
const BATCH_MS = 15_000;
/** The pause when a server is busy, because SMTP has no Retry-After. */
const PAUSE_MS = 60_000;

const mailSchema = z.object({
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  html: z.string().optional(),
  text: z.string(),
  reply_to: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});

/**
 * Any SMTP server: one connection per batch, one mail after the other. SMTP has no idempotency keys. So when a mail's
 * content was handed over and no answer came, the mail stays in doubt and is not sent again.
 */
export const smtpMailer = (env: Settings, pace: SmtpPace): Mailer => ({
  account: "smtp",
  remembersKeysForMs: undefined,
  async sendBatch(mails) {
    if (env.SMTP_URL === undefined) return refused("not_configured", "SMTP_URL is not set");
    const end = performance.now() + BATCH_MS;
    const connection = await connectSmtp(env.SMTP_URL, env).catch(toSmtpError);
    if ("message" in connection) return refusedSession(connection);
    const results: MailResult[] = [];
    const mayBegin = pace.ofBatch(mails.length);
    try {
      for (const mail of mails) {
        const restMs = Math.floor(end - performance.now());
        if (restMs <= 0 || !(await mayBegin(restMs).catch(() => false))) break;
        const { result, error } = await sendOne(connection, mail);
        if (error) return { kind: "refused", error, results };
        results.push(result);
      }
      return { kind: "taken", results };
    } finally {
      connection.quit();
    }
  },
});

type Sent = { result: MailResult; error?: never } | { result?: never; error: AppError };

async function sendOne(connection: SMTPConnection, json: string): Promise<Sent> {
  const { reply_to: replyTo, ...mail } = mailSchema.parse(JSON.parse(json));
  const message = new MailComposer({ ...mail, replyTo }).compile();
  const bytes = await message.build();
  let isHandedOver = false;
  // The connection reads this stream only after the server has asked for the content. While the stream is unread, the
  // server cannot have the mail.
  const content = Readable.from(
    (function* () {
      isHandedOver = true;
      yield bytes;
    })(),
  );
  const error = await new Promise<SmtpError | null>((resolve) => {
    connection.send(message.getEnvelope(), content, resolve);
  });
  if (!error) return { result: { messageId: message.messageId() } };
  // The server may still remember the sender of the refused mail, so the session is reset. An error of the reset is
  // ignored, because the next mail would fail with it, too.
  await new Promise<void>((resolve) => connection.reset(() => resolve()));
  return judge(error, isHandedOver);
}

/**
 * A temporary refusal that concerns only this recipient, by its enhanced code (RFC 3463): a bad address, domain or
 * mailbox. Not 4.1.7 and 4.1.8, which are about the sender, and not 4.2.0, with which greylisting refuses everyone.
 */
const RECIPIENT_ONLY = /^4\d\d[ -]4\.(?:1\.(?:[1-6]|10)|2\.[1-4])\b/;

/** Returns a `result` when the error concerns only this mail, and an `error` when it concerns all mails. */
export function judge(error: SmtpError, isHandedOver: boolean): Sent {
  const { code, command, responseCode = 0, response = "", message } = error;
  const words = cut(message);
  const isAnswered = responseCode >= 400 && command !== "CONN";
  if (isHandedOver && !(isAnswered && command === "DATA")) return { result: { doubt: words } };
  const isBadAddress = command === "RCPT TO" || (command === "API" && code === "EENVELOPE");
  const isOnlyRecipient = command === "RCPT TO" && RECIPIENT_ONLY.test(response);
  if (responseCode >= 400 && responseCode < 500 && !isOnlyRecipient) return { error: slowDown(words) };
  if (isBadAddress) return { result: { code: "invalid_recipient", words } };
  if (isHandedOver) return { result: { code: "provider_rejected", words } };
  return { error: new AppError(isAnswered ? "provider_unauthorized" : "provider_unavailable", words) };
}

/** A busy server refuses a login with 4xx, so only a refusal with 5xx means that our password is wrong. */
function refusedSession({ code, responseCode = 0, message }: SmtpError): BatchAnswer {
  const isPassword = code === "EAUTH" && responseCode >= 500;
  const words = `The SMTP server takes no mails: ${cut(message)}`;
  return refused(isPassword ? "provider_unauthorized" : "provider_unavailable", words);
}

const refused = (code: ErrorCode, words: string): BatchAnswer => ({
  kind: "refused",
  error: new AppError(code, words),
});
const slowDown = (words: string) => new AppError("provider_rate_limited", words, { retryAfterMs: PAUSE_MS });
