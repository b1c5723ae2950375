import type { Scope } from "@sentry/node";
import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";

export type ErrorReport = { message: string; stack: string | null; tags: Record<string, string> };

/** Never throws: a report that cannot be sent is logged. */
export type ErrorReporter = { report(report: ErrorReport): Promise<void> };

type Settings = Pick<Env, "SENTRY_DSN" | "NIGHTSHIFT_ENV" | "RELEASE">;

const FLUSH_MS = 2_000;

/** Sentry's package is large, so it is imported with the first report, and never without a DSN. */
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

/** Uses its own client instead of Sentry's global one, so that two apps in one process do not share it. */
async function load(dsn: string, env: Settings): Promise<Scope> {
  const sentry = await import("@sentry/node");
  const client = new sentry.NodeClient({
    dsn,
    environment: env.NIGHTSHIFT_ENV,
    ...(env.RELEASE === undefined ? {} : { release: env.RELEASE }),
    transport: sentry.makeNodeTransport,
    stackParser: sentry.defaultStackParser,
    // Only the redacted report is sent: no request bodies, no console output, no instrumentation.
    integrations: [],
  });
  client.init();
  const scope = new sentry.Scope();
  scope.setClient(client);
  return scope;
}

/** A stack begins with the error's message, which may quote an address; only the frames are kept. */
function withoutMessage(stack: string, message: string): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return [`Error: ${message}`, ...frames].join("\n");
}
