import type { Scope } from "@sentry/node";
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
        const scope = await loading;
        const error = new Error(message);
        if (stack !== null) error.stack = withoutMessage(stack, message);
        scope.clone().setTags(tags).captureException(error);
        await scope.getClient()?.flush(FLUSH_MS);
      } catch (err) {
        loading = undefined;
        logger.warn({ err }, "error not reported to Sentry");
      }
    },
  };
}

/** A client of our own, not Sentry's global one: two apps in one process do not share it. */
async function load(dsn: string, env: Settings): Promise<Scope> {
  const sentry = await import("@sentry/node");
  const client = new sentry.NodeClient({
    dsn,
    environment: env.NIGHTSHIFT_ENV,
    ...(env.RELEASE === undefined ? {} : { release: env.RELEASE }),
    transport: sentry.makeNodeTransport,
    stackParser: sentry.defaultStackParser,
    // What leaves is what we hand over, redacted: no request bodies, no console, no instrumentation.
    integrations: [],
  });
  client.init();
  const scope = new sentry.Scope();
  scope.setClient(client);
  return scope;
}

/** A stack begins with the original message, which may quote an address; the frames are all that is wanted. */
function withoutMessage(stack: string, message: string): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return [`Error: ${message}`, ...frames].join("\n");
}
