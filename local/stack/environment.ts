import type { MachineKeys } from "#stack/keys.ts";
import type { Ports } from "#stack/ports.ts";

export type Environment = Record<string, string>;

/** Reads `.env` of the working directory. What is set already wins. */
export function loadDotEnv(): void {
  try {
    process.loadEnvFile(".env");
  } catch {
    // There is none.
  }
}

/** What leads out of this machine; a throw-away stack never looks at it. */
const leadsOutside =
  /^(SUPABASE_|DATABASE_URL|INNGEST_|RESEND_|IMAGES_|SLACK_|SENTRY_|NIGHTSHIFT_ENV|LINK_SECRET)/;

/**
 * The caller's environment without what says nothing: an empty variable, and an `INNGEST_DEV` that names no engine (the app
 * also takes "1" and "0"): then the stack's own is used.
 */
export function callersEnvironment({ ephemeral }: { ephemeral: boolean }): Environment {
  const environment: Environment = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || value === "" || (ephemeral && leadsOutside.test(name))) continue;
    if (name === "INNGEST_DEV" && !value.startsWith("http")) continue;
    environment[name] = value;
  }
  return environment;
}

export const local = (port: number): string => `http://127.0.0.1:${port}`;

/**
 * The environment of the site, with exactly the names it has in production. What the caller has set wins, so that one
 * service after the other can be swapped for the real one.
 */
export function siteEnvironment(
  caller: Environment,
  {
    ports,
    keys,
    supabase,
  }: { ports: Ports; keys: MachineKeys; supabase: { secret: string; publishable: string } | undefined },
): Environment {
  return {
    ...(supabase && {
      SUPABASE_URL: local(ports.supabase),
      SUPABASE_SECRET_KEY: supabase.secret,
      SUPABASE_PUBLISHABLE_KEY: supabase.publishable,
    }),
    INNGEST_DEV: local(ports.engine),
    RESEND_BASE_URL: local(ports.mail),
    RESEND_API_KEY: keys.resendApiKey,
    IMAGES_BASE_URL: `${local(ports.mail)}/images`,
    SLACK_WEBHOOK_URL: `${local(ports.mail)}/slack`,
    LINK_SECRET: keys.linkSecret,
    NIGHTSHIFT_ENV: "development",
    URL: `http://localhost:${ports.site}`,
    ...caller,
  };
}
