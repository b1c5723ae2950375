import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";

/** Whether this environment may send mail to people; if not, why it holds its mail. */
export type MailMode = { mode: "send" } | { mode: "hold"; reason: string };

type Settings = Pick<Env, "NIGHTSHIFT_ENV" | "RESEND_BASE_URL" | "SUPABASE_URL">;

const REAL_PROVIDER = "api.resend.com";

/** Whether the URL's host is the provider's host or a subdomain of `resend.com`, with any port. */
const isRealProvider = (url: string): boolean => {
  const { hostname } = new URL(url);
  return hostname === REAL_PROVIDER || hostname.endsWith(".resend.com");
};

/** `productionUrl` is the address that the database stored for production; null when none was stored. */
export function mailModeOf(env: Settings, productionUrl: string | null): MailMode {
  if (!isRealProvider(env.RESEND_BASE_URL)) return { mode: "send" };
  if (env.NIGHTSHIFT_ENV !== "production") {
    return {
      mode: "hold",
      reason: `NIGHTSHIFT_ENV is ${env.NIGHTSHIFT_ENV}: only production mails real people. Set RESEND_BASE_URL to a stand-in to try it.`,
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
