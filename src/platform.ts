import type { InngestFunction } from "inngest";
import type { DestinationStream } from "pino";
import type { ZodType } from "zod";
import { estimateOf } from "#cost/estimate.ts";
import { executionsOfParts } from "#cost/executions.ts";
import { usageOf, usageOfCounts } from "#cost/usage.ts";
import { createLetterAlert } from "#dead-letters/letter-alert.ts";
import { createOnFailure } from "#dead-letters/on-failure.ts";
import { createCheckLetter } from "#dead-letters/patch.ts";
import { createRedact, type VisibleFields } from "#dead-letters/redact.ts";
import { deadLetterRepository } from "#dead-letters/repository.ts";
import { createAccept } from "#jobs/accept.ts";
import { createCancel } from "#jobs/cancel.ts";
import { logRepository } from "#jobs/log-repository.ts";
import { createOutbox } from "#jobs/outbox.ts";
import { createParts } from "#jobs/parts.ts";
import { partsRepository } from "#jobs/parts-repository.ts";
import { jobRepository } from "#jobs/repository.ts";
import { createStreams } from "#jobs/stream.ts";
import { createTail } from "#jobs/tail.ts";
import { tailRepository } from "#jobs/tail-repository.ts";
import { trackJobs } from "#jobs/track.ts";
import { type Clock, systemClock } from "#lib/clock.ts";
import { createDatabase } from "#lib/database/client.ts";
import { createStorage } from "#lib/database/storage.ts";
import { createTokens } from "#lib/database/tokens.ts";
import { keepDeadlines } from "#lib/engine/deadline.ts";
import { createEngineApi } from "#lib/engine/engine-api.ts";
import { createFlowControl } from "#lib/engine/flow-control.ts";
import { createInngest, serveFunctions } from "#lib/engine/inngest.ts";
import { keepLog, rememberLines } from "#lib/engine/keep-log.ts";
import { logSteps } from "#lib/engine/log-steps.ts";
import { traceRuns } from "#lib/engine/trace-runs.ts";
import type { Env } from "#lib/env.ts";
import { createFence } from "#lib/environment-fence.ts";
import type { Fact } from "#lib/fact.ts";
import { createAudit } from "#lib/http/audit.ts";
import { createTickets } from "#lib/http/tickets.ts";
import { createLogger } from "#lib/logger.ts";
import { type Fetch, fastFetch, fetchOfOurs } from "#lib/outside/fetch.ts";
import { createSafeFetch, type SafeFetch } from "#lib/outside/safe-fetch.ts";
import { createSentry } from "#lib/outside/sentry.ts";
import { createSlack } from "#lib/outside/slack.ts";
import { createStripe } from "#lib/outside/stripe.ts";
import type { Schedule } from "#lib/schedule.ts";
import { notificationRepository } from "#notifications/repository.ts";
import { flagRepository } from "#rollout/repository.ts";
import { createRollout } from "#rollout/rollout.ts";

/** `log` receives the log lines instead of stdout; `safeFetch` replaces calls to the addresses that users give us. */
export type Outside = { fetch?: Fetch; clock?: Clock; log?: DestinationStream; safeFetch?: SafeFetch };
/** The declarations of the rooms that the platform's own services need. */
type Declared = {
  visibleFields: VisibleFields;
  facts: readonly Fact[];
  schedules: readonly Schedule[];
  eventSchemas: ReadonlyMap<string, ZodType>;
};
export type Platform = ReturnType<typeof createPlatform>;

/** Makes everything that rooms depend on. Clients are made here only. */
export function createPlatform(
  env: Env,
  { fetch = fastFetch, clock = systemClock, log, safeFetch }: Outside,
  { visibleFields, facts, schedules, eventSchemas }: Declared,
) {
  const logger = createLogger(env, rememberLines(log));
  /** The logger for lines that are not stored with a job, because the job's timeline and trace show them. */
  const quietLogger = createLogger(env, log);
  const ours = fetchOfOurs(fetch);
  const db = createDatabase(env, ours, () => outbox.flush());
  const ledger = jobRepository(db, clock);
  const jobLog = logRepository(db, clock);
  const letters = deadLetterRepository(db, clock, env.RELEASE);
  const live = tailRepository(db, clock);
  const redact = createRedact(visibleFields);
  const sentry = createSentry(env, logger);
  const inngest = createInngest({
    env,
    fetch: ours,
    logger,
    noteFailedTry: ledger.noteFailedTry,
    middleware: [
      keepLog({ keep: jobLog.keep, logger: quietLogger }),
      trackJobs({ jobs: ledger, logger: quietLogger, show: redact.event }),
      keepDeadlines({ clock, logger }),
      logSteps({ clock, logger: quietLogger }),
      ...(env.SENTRY_DSN === undefined ? [] : [traceRuns({ clock, tracer: sentry })]),
    ],
  });
  const tokens = createTokens(db, clock);
  const slack = createSlack(env.SLACK_WEBHOOK_URL, fetch);
  const alert = createLetterAlert({
    letters,
    logger,
    slack,
    reporter: sentry,
    redact,
  });
  const engine = createEngineApi(env, ours);
  const outbox = createOutbox({ inngest, engine, jobs: ledger, clock, logger });
  const jobs = { ...ledger, accept: createAccept({ jobs: ledger, outbox }) };
  // This map is filled later, when the functions are known: they need `onFailure`, which reads the map only when a run
  // fails.
  const attempts = new Map<string, number>();
  const maxAttempts = (functionId: string) => attempts.get(functionId);

  return {
    env,
    fetch,
    clock,
    logger,
    db,
    jobs,
    parts: createParts(partsRepository(db, clock)),
    letters,
    checkLetter: createCheckLetter(eventSchemas),
    inngest,
    alert,
    maxAttempts,
    slack,
    storage: createStorage(db, ours),
    facts,
    safeFetch: safeFetch ?? createSafeFetch({ allowPrivateHosts: env.ALLOW_PRIVATE_HOSTS }),
    live,
    jobLog,
    streams: createStreams({
      live,
      tail: createTail({ live, logger }),
      lifetimeMs: env.STREAM_SECONDS * 1000,
    }),
    schedules,
    notifications: notificationRepository(db, clock),
    audit: createAudit(db, clock),
    tickets: createTickets(env.LINK_SECRET[0], clock),
    engine,
    outbox,
    ...createCancel({ jobs, inngest, logger }),
    onFailure: createOnFailure({ letters, alert, maxAttempts }),
    tokens,
    stripe: createStripe({ env, fetch, clock, tokens }),
    flow: createFlowControl(env.PLAN),
    rollout: createRollout(flagRepository(db, clock, env.NIGHTSHIFT_ENV), clock),
    mailMode: createFence(env, db, clock).mailMode,
    /** The cost of a month in which this campaign is the only work. */
    estimateCampaign: (recipients: number) => estimateOf(usageOf({ events: 0, steps: 1, recipients })),
    /** The cost of a month in which this import is the only work. */
    estimateImport: (parts: number) =>
      estimateOf(
        usageOfCounts({ executions: executionsOfParts("process-import", parts), jobs: 1, mails: 0 }),
      ),
    /** A handler that serves the functions. */
    serve(functions: InngestFunction.Any[]) {
      for (const fn of functions) attempts.set(fn.id(), (fn.opts.retries ?? 0) + 1);
      return serveFunctions(inngest, functions);
    },
  };
}
