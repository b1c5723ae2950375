import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";

export type ErrorReport = { message: string; stack: string | null; tags: Record<string, string> };

/** Never throws: a report that cannot be delivered is a line in the log. */
export type ErrorReporter = { report(report: ErrorReport): Promise<void> };

type Settings = Pick<Env, "SENTRY_DSN" | "NIGHTSHIFT_ENV" | "RELEASE">;

const FLUSH_MS = 2_000;

/** Sentry's package is large: it is loaded with the first report, and never without a DSN. */
export function createErrorReporter(env: Settings, logger: Logger): ErrorReporter {
  const { SENTRY_DSN: dsn } = env;
  if (dsn === undefined) return { report: () => Promise.resolve() };
  let loading: ReturnType<typeof load> | undefined;
  return {
    async report({ message, stack, tags }) {
      try {
        loading ??= load(dsn, env);
        const sentry = await loading;
        const error = new Error(message);
        if (stack !== null) error.stack = withoutMessage(stack, message);
        sentry.captureException(error, { tags });
        await sentry.flush(FLUSH_MS);
      } catch (err) {
        loading = undefined;
        logger.warn({ err }, "error not reported to Sentry");
      }
    },
  };
}

async function load(dsn: string, env: Settings) {
  const sentry = await import("@sentry/node");
  sentry.init({
    dsn,
    environment: env.NIGHTSHIFT_ENV,
    ...(env.RELEASE === undefined ? {} : { release: env.RELEASE }),
    // What leaves is what we hand over, redacted: no request bodies, no console, no instrumentation.
    defaultIntegrations: false,
  });
  return sentry;
}

/** A stack begins with the original message, which may quote an address; the frames are all that is wanted. */
function withoutMessage(stack: string, message: string): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return [`Error: ${message}`, ...frames].join("\n");
}
