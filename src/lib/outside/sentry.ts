import { createHash, randomBytes } from "node:crypto";
import type { Event, Scope } from "@sentry/node";
import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";

export type ErrorReport = { message: string; stack: string | null; tags: Record<string, string> };

/** Never throws: a report that cannot be sent is logged. */
export type ErrorReporter = { report(report: ErrorReport): Promise<void> };

export type TraceSpan = { name: string; startedAt: Date; endedAt: Date; isOk: boolean };
export type RunTrace = Omit<TraceSpan, "name"> & {
  functionId: string;
  runId: string;
  tags: Record<string, string>;
  spans: readonly TraceSpan[];
};

/** Never throws. */
export type Tracer = { trace(run: RunTrace): Promise<void> };

type Settings = Pick<Env, "SENTRY_DSN" | "SENTRY_TRACES" | "NIGHTSHIFT_ENV" | "RELEASE">;

const FLUSH_MS = 2_000;

/** Sentry's package is large, so it is imported when it is first needed, and never without a DSN. */
export function createSentry(env: Settings, logger: Logger): ErrorReporter & Tracer {
  const { SENTRY_DSN: dsn, SENTRY_TRACES: share } = env;
  if (dsn === undefined) return { report: () => Promise.resolve(), trace: () => Promise.resolve() };
  let loading: ReturnType<typeof load> | undefined;
  return {
    report: ({ message, stack, tags }) =>
      send("error", (scope) => {
        const error = new Error(message);
        if (stack !== null) error.stack = withoutMessage(stack, message);
        const traced = scope.clone().setTags(tags);
        const { runId } = tags;
        if (runId !== undefined) traced.setPropagationContext({ traceId: traceIdOf(runId), sampleRand: 0 });
        traced.captureException(error);
      }),
    async trace(run) {
      // Every process chooses the same runs, so that a trace is either complete or absent.
      if (Number.parseInt(traceIdOf(run.runId).slice(0, 8), 16) / 2 ** 32 >= share) return;
      await send("trace", (scope) => void scope.captureEvent(toTransaction(run)));
    },
  };

  async function send(what: string, capture: (scope: Scope) => void): Promise<void> {
    try {
      loading ??= load(dsn ?? "", env);
      const scope = await loading;
      capture(scope);
      await scope.getClient()?.flush(FLUSH_MS);
    } catch (err) {
      loading = undefined;
      logger.warn({ err }, `${what} not reported to Sentry`);
    }
  }
}

/** A run has one trace, even when several processes send parts of it. */
const traceIdOf = (runId: string): string => createHash("sha256").update(runId).digest("hex").slice(0, 32);

const seconds = (time: Date): number => time.getTime() / 1000;
const statusOf = (isOk: boolean) => (isOk ? "ok" : "internal_error");

function toTransaction({ functionId, runId, tags, spans, startedAt, endedAt, isOk }: RunTrace): Event {
  const trace_id = traceIdOf(runId);
  const span_id = newSpanId();
  return {
    type: "transaction",
    transaction: functionId,
    transaction_info: { source: "task" },
    start_timestamp: seconds(startedAt),
    timestamp: seconds(endedAt),
    tags,
    contexts: { trace: { trace_id, span_id, op: "job", status: statusOf(isOk), data: tags } },
    spans: spans.map((span) => ({
      trace_id,
      span_id: newSpanId(),
      parent_span_id: span_id,
      op: "step",
      description: span.name,
      start_timestamp: seconds(span.startedAt),
      timestamp: seconds(span.endedAt),
      status: statusOf(span.isOk),
      data: tags,
    })),
  };
}

const newSpanId = (): string => randomBytes(8).toString("hex");

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

/** A stack begins with the error's message, which may quote an address, so only the frames are kept. */
function withoutMessage(stack: string, message: string): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return [`Error: ${message}`, ...frames].join("\n");
}
