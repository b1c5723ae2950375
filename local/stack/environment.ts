import type { MachineKeys } from "#stack/keys.ts";
import type { Ports } from "#stack/ports.ts";

export type Environment = Record<string, string>;

/** Reads `.env` in the working directory. Variables that are already set keep their values. */
export function loadDotEnv(): void {
  try {
    process.loadEnvFile(".env");
  } catch {
    // There is no `.env`.
  }
}

/** The variables that name services outside this machine. An ephemeral stack ignores them. */
const leadsOutside =
  /^(SUPABASE_|DATABASE_URL|INNGEST_|RESEND_|IMAGES_|STRIPE_|GITHUB_|SLACK_|SENTRY_|NIGHTSHIFT_ENV|LINK_SECRET)/;

/**
 * The caller's environment without empty variables, and without an `INNGEST_DEV` that is not a URL (the app also
 * accepts "1" and "0"), because the stack then uses its own engine.
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
 * The environment of the site, with the same names as in production. Variables that the caller has set are kept, so
 * that each service can be replaced by the real one.
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
    STRIPE_BASE_URL: local(ports.mail),
    STRIPE_API_KEY: "sk_test_local",
    STRIPE_WEBHOOK_SECRET: "whsec_local_stripe",
    WEBHOOK_KEYS: "local:bmlnaHRzaGlmdC1sb2NhbC13ZWJob29rLWtleS0wMDE=",
    SLACK_WEBHOOK_URL: `${local(ports.mail)}/slack`,
    LINK_SECRET: keys.linkSecret,
    NIGHTSHIFT_ENV: "development",
    POSTAL_ADDRESS: "Your company, 1 Example Street, 12345 Example Town",
    URL: `http://localhost:${ports.site}`,
    ...caller,
  };
}
