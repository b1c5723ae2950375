import type { Clock } from "#lib/clock.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { Env } from "#lib/env.ts";
import type { Mailer } from "#mail/mailer.ts";
import { createPace, type Pace } from "#mail/pace.ts";
import { resendMailer } from "#mail/resend-mailer.ts";
import { smtpMailer } from "#mail/smtp-mailer.ts";
import { createSmtpPace } from "#mail/smtp-pace.ts";

export type MailProvider = {
  mailer: Mailer;
  /** The pace of campaigns. */
  pace: Pace;
  /** The pace of single mails. */
  urgentPace: Pace;
};
type Dependencies = { env: Env; fetch: typeof globalThis.fetch; clock: Clock; tokens: Tokens };

/** The mail providers of `MAIL_PROVIDERS`, in the order in which they are asked. */
export const mailProviders = ({ env, fetch, clock, tokens }: Dependencies): MailProvider[] =>
  env.MAIL_PROVIDERS.map((name) => {
    const smtpPace = createSmtpPace({ tokens, clock, perSecond: env.SMTP_MAILS_PER_SECOND });
    const mailer = name === "smtp" ? smtpMailer(env, smtpPace) : resendMailer(env, fetch, clock);
    // Over SMTP each mail of a batch gets its own start time, so the batches get none.
    const perSecond = name === "smtp" ? 0 : env.MAIL_REQUESTS_PER_SECOND;
    const settings = { tokens, clock, account: mailer.account, perSecond };
    return { mailer, pace: createPace(settings), urgentPace: createPace({ ...settings, isUrgent: true }) };
  });
