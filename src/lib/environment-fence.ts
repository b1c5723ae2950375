import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";

/** Whether this environment may send mail to people; if not, why it holds its mail. */
export type MailMode = { mode: "send" } | { mode: "hold"; reason: string };

type Settings = Pick<
  Env,
  "NIGHTSHIFT_ENV" | "MAIL_PROVIDERS" | "RESEND_BASE_URL" | "SMTP_URL" | "SUPABASE_URL"
>;

const RESEND = "api.resend.com";
const THIS_MACHINE = ["localhost", "127.0.0.1", "[::1]"];

/** Whether the URL's host is Resend's host or a subdomain of `resend.com`, with any port. */
const isResend = (url: string): boolean => {
  const { hostname } = new URL(url);
  return hostname === RESEND || hostname.endsWith(".resend.com");
};

/** Whether a provider of `MAIL_PROVIDERS` mails real people. An SMTP server does so unless it is on this machine. */
const mailsPeople = ({ MAIL_PROVIDERS, RESEND_BASE_URL, SMTP_URL }: Settings): boolean =>
  MAIL_PROVIDERS.some((provider) =>
    provider === "smtp"
      ? SMTP_URL !== undefined && !THIS_MACHINE.includes(new URL(SMTP_URL).hostname.toLowerCase())
      : isResend(RESEND_BASE_URL),
  );

/** `productionUrl` is the address that the database stored for production; null when none was stored. */
export function mailModeOf(env: Settings, productionUrl: string | null): MailMode {
  if (!mailsPeople(env)) return { mode: "send" };
  if (env.NIGHTSHIFT_ENV !== "production") {
    return {
      mode: "hold",
      reason: `NIGHTSHIFT_ENV is ${env.NIGHTSHIFT_ENV}: only production mails real people. To try mail here, give each provider in MAIL_PROVIDERS a stand-in: for resend in RESEND_BASE_URL, for smtp an SMTP server on this machine in SMTP_URL.`,
    };
  }
  if (productionUrl !== null && productionUrl !== env.SUPABASE_URL) {
    return {
      mode: "hold",
      reason: `This looks like a restored copy: production's database is ${productionUrl}, this one is ${env.SUPABASE_URL}. If production has moved, call move_production.`,
    };
  }
  return { mode: "send" };
}

/** Asks the database for production's address once per process. A failed request is repeated by the next call. */
export function createFence(env: Settings, db: DatabaseClient, clock: Clock) {
  let known: Promise<MailMode> | undefined;
  return {
    mailMode: (): Promise<MailMode> => {
      known ??= ask().catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      return known;
    },
  };

  async function ask(): Promise<MailMode> {
    const settings = {
      supabaseUrl: env.SUPABASE_URL,
      isProduction: env.NIGHTSHIFT_ENV === "production",
    };
    return mailModeOf(
      env,
      await createCall(db, clock).call("production_url", settings, z.string().nullable()),
    );
  }
}
