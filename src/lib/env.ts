import { z } from "zod";
import { count, flag, number, url } from "#lib/env-fields.ts";
import {
  addresses,
  hookSecrets,
  listOf,
  namedKeys,
  repositories,
  secrets,
  sitePaths,
  thresholds,
  timeZone,
} from "#lib/env-lists.ts";
import { mailSettings } from "#lib/env-mail.ts";
import { AppError } from "#lib/errors.ts";
import { inngestEventKey, inngestSigningKey, key, supabaseKey } from "#lib/keys.ts";
import { isCidr } from "#lib/outside/public-address.ts";

const schema = z.object({
  /** Only production sends mail to real people. */
  NIGHTSHIFT_ENV: z.enum(["production", "preview", "development"]).default("development"),
  /** The plan decides how many steps Inngest runs at once. */
  PLAN: z.enum(["free", "pro"]).default("free"),
  LOG_LEVEL: z.enum(["silent", "fatal", "error", "warn", "info", "debug", "trace"]).default("info"),
  RELEASE: z.string().optional(),

  SUPABASE_URL: url,
  SUPABASE_SECRET_KEY: supabaseKey("secret"),
  SUPABASE_PUBLISHABLE_KEY: supabaseKey("publishable").optional(),

  /** "1" or the URL of a local Inngest server; refused outside development. */
  INNGEST_DEV: z.string().optional(),
  INNGEST_BASE_URL: url.optional(),
  INNGEST_EVENT_KEY: inngestEventKey.optional(),
  INNGEST_SIGNING_KEY: inngestSigningKey.optional(),
  CHECKPOINTING: flag.default(true),

  /** The address of the site, where the links in mails begin. Netlify sets it. */
  URL: url.optional(),
  /**
   * The secrets that sign links and tickets. The first secret signs; links that another secret of the list signed stay
   * valid.
   */
  LINK_SECRET: z
    .string()
    .default("")
    .transform((text) => listOf(text))
    .refine((list) => list.every((secret) => secret.length >= 32), "must be at least 32 characters long"),
  /** The sender's postal address, which the law demands in every broadcast. */
  POSTAL_ADDRESS: z.string().trim().min(5).max(300).optional(),
  ...mailSettings,
  CAMPAIGN_PART_SIZE: count(1, 10_000).default(5000),
  CAMPAIGN_BATCH_SIZE: count(1, 100).default(100),

  /** The default is a free image API without keys; with a key use https://gen.pollinations.ai. */
  IMAGES_BASE_URL: url.default("https://image.pollinations.ai"),
  IMAGES_API_KEY: key.optional(),
  /** Drawing takes up to 30 s, and a function may run 60 s on Netlify. */
  IMAGES_TIMEOUT_MS: count(100, 55_000).default(45_000),
  /** Width and height of the drawn images, in pixels. */
  IMAGES_SIZE: count(16, 2048).default(1024),
  /** How many uploaded pictures an owner may have, how many megabytes they may hold, and after how many days they are deleted. */
  UPLOAD_MAX_COUNT: count(1, 1_000_000).default(1000),
  UPLOAD_MAX_MEGABYTES: count(5, 1_000_000).default(500),
  UPLOAD_KEEP_DAYS: count(1, 3650).default(90),

  /** Networks (CIDRs) of our own that may be called at addresses from users, in addition to the public internet. */
  ALLOW_PRIVATE_HOSTS: z
    .string()
    .default("")
    .transform((text) => listOf(text))
    .refine((cidrs) => cidrs.every(isCidr), "must be CIDRs separated by commas, for instance 10.1.0.0/16"),

  /** How long a live stream lasts before its reader reconnects; Netlify cuts streams after 10 s. */
  STREAM_SECONDS: number(0.1, 600).default(9),

  STRIPE_BASE_URL: url.default("https://api.stripe.com"),
  STRIPE_API_KEY: key.optional(),

  /** The secrets that verify incoming webhooks; several are valid while one replaces another. */
  STRIPE_WEBHOOK_SECRET: secrets,
  GITHUB_WEBHOOK_SECRET: secrets,
  RESEND_WEBHOOK_SECRET: secrets,
  SUPABASE_HOOK_SECRET: hookSecrets,

  /** The keys that encrypt the secrets of webhook endpoints. The first one encrypts; the others only decrypt. */
  WEBHOOK_KEYS: namedKeys,

  /** Repositories whose metrics are read from GitHub, `owner/name`. Private repositories need the token. */
  GITHUB_REPOSITORIES: repositories,
  GITHUB_TOKEN: key.optional(),
  GITHUB_BASE_URL: url.default("https://api.github.com"),

  /** The pages of the site's sitemap, as paths: `/, /pricing`. Without paths, no sitemap is written. */
  SITEMAP_PATHS: sitePaths,

  /** The time zone of the daily report, which is made at 9 o'clock about the day before. */
  REPORT_TIME_ZONE: timeZone.default("UTC"),
  SLACK_WEBHOOK_URL: url.optional(),
  /** The addresses that get a mail about each alert. */
  ALERT_EMAILS: addresses,
  /** Thresholds that replace those of src/monitoring/thresholds.ts: `queue-depth=2000,oldest-waiting:P1=off`. */
  ALERT_THRESHOLDS: thresholds,
  /** The address of this repository's files; alerts link to their runbooks there. */
  RUNBOOKS_URL: url.optional(),
  /** Minutes between two canaries; 0: none. The default depends on the plan. */
  CANARY_MINUTES: count(0, 1440).optional(),
  /** Housekeeping calls this address after each run of the monitor. An outside service notices when no call comes. */
  CHECK_IN_URL: z.url({ protocol: /^https$/, error: "must be an https:// URL" }).optional(),
  SENTRY_DSN: url.optional(),
  /** The share of runs whose traces are sent to Sentry. */
  SENTRY_TRACES: number(0, 1).default(1),
});

export type Env = z.output<typeof schema>;

/**
 * In production these addresses receive keys and personal data, so they must be HTTPS. Addresses on this machine are an
 * exception, because nothing leaves it: `netlify dev` sets URL to http://localhost.
 */
const ADDRESSES = [
  "URL",
  "SUPABASE_URL",
  "INNGEST_BASE_URL",
  "RESEND_BASE_URL",
  "STRIPE_BASE_URL",
  "GITHUB_BASE_URL",
  "IMAGES_BASE_URL",
  "SLACK_WEBHOOK_URL",
  "RUNBOOKS_URL",
  "SENTRY_DSN",
] as const satisfies readonly (keyof Env)[];

const THIS_MACHINE = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether an address is HTTP without TLS, and leads to another machine. */
function isPlainHttp(address = ""): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" && !THIS_MACHINE.has(hostname);
}

/** Production does not start without these variables. */
const PRODUCTION_NEEDS = [
  "SUPABASE_PUBLISHABLE_KEY",
  "INNGEST_SIGNING_KEY",
  "INNGEST_EVENT_KEY",
  "LINK_SECRET",
] as const satisfies readonly (keyof Env)[];

/**
 * Parses the whole configuration once. One error names every variable that is missing or wrong. An empty variable
 * counts as missing, because an unset line of a `.env` file is empty.
 */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const given = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = schema.safeParse(given);
  const complaints = new Map<string, string>();
  for (const { path, message } of parsed.error?.issues ?? []) {
    const name = String(path[0]);
    complaints.set(name, given[name] === undefined ? "is missing" : message);
  }
  const environment = given["NIGHTSHIFT_ENV"] ?? "development";
  if (environment !== "development" && given["INNGEST_DEV"] !== undefined) {
    complaints.set("INNGEST_DEV", "is for development alone: it turns signature checks off");
  }
  if (environment !== "production" && /^(sk|rk)_live_/.test(given["STRIPE_API_KEY"] ?? "")) {
    complaints.set("STRIPE_API_KEY", "is a live key: only production takes money");
  }
  const providers = listOf(given["MAIL_PROVIDERS"] ?? "resend");
  if (providers.includes("smtp") && given["SMTP_URL"] === undefined) complaints.set("SMTP_URL", "is missing");
  if (environment === "production") {
    if (providers.includes("resend") && given["RESEND_API_KEY"] === undefined) {
      complaints.set("RESEND_API_KEY", "is missing");
    }
    for (const name of PRODUCTION_NEEDS) if (given[name] === undefined) complaints.set(name, "is missing");
    for (const name of ADDRESSES) {
      if (isPlainHttp(given[name])) complaints.set(name, "must begin with https:// in production");
    }
  }
  if (parsed.success && complaints.size === 0) return parsed.data;
  const list = [...complaints].map(([name, what]) => `  ${name} ${what}`).join("\n");
  throw new AppError("configuration", `The environment is not complete:\n${list}`, {
    hint: "Set these variables (see .env.example), then start again.",
  });
}
