import { z } from "zod";
import { count, flag, number, url } from "#lib/env-fields.ts";
import { listOf } from "#lib/env-lists.ts";
import { key } from "#lib/keys.ts";

const MAIL_PROVIDERS = ["resend", "smtp"] as const;

/** The environment variables about mail. */
export const mailSettings = {
  /** The mail providers in the order in which they are asked. */
  MAIL_PROVIDERS: z
    .string()
    .default("resend")
    .transform((text) => listOf(text))
    .refine((names) => new Set(names).size === names.length, "must name each provider once")
    .pipe(z.tuple([z.enum(MAIL_PROVIDERS)], z.enum(MAIL_PROVIDERS))),
  /**
   * smtp://user:password@host:port uses STARTTLS, which is required in production. smtps:// uses TLS from the start.
   */
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: "must be an smtp:// or smtps:// URL" }).optional(),
  /** Counts mails, not requests, over all connections. Amazon SES allows new accounts 14. */
  SMTP_MAILS_PER_SECOND: number(0, 10_000).default(10),
  RESEND_BASE_URL: url.default("https://api.resend.com"),
  RESEND_API_KEY: key.optional(),
  /** The sender of mails that belong to no campaign, such as receipts. */
  MAIL_FROM: z.string().min(3).max(320).default("Nightshift <onboarding@resend.dev>"),
  MAIL_REQUESTS_PER_SECOND: number(0, 10_000).default(4.5),
  MAIL_MAX_IN_FLIGHT: count(1, 1000).default(10),
  /** After this many soft bounces within this many days, an address is suppressed. */
  MAIL_SOFT_BOUNCES: count(1, 1000).default(5),
  MAIL_SOFT_BOUNCE_DAYS: count(1, 365).default(30),
  /**
   * A campaign is stopped when this many receiving domains refuse our domain (5.7.x), or when they refuse ten times as
   * many mails.
   */
  MAIL_REFUSALS: count(1, 1000).default(3),
  MAIL_IDEMPOTENT: flag.default(true),
};
