import { type CampaignRoom, campaignRoutes, campaignVisibleFields } from "#campaigns/index.ts";
import { createAlert } from "#dead-letters/alert.ts";
import { createOnFailure } from "#dead-letters/on-failure.ts";
import { createRedact } from "#dead-letters/redact.ts";
import { deadLetterRepository } from "#dead-letters/repository.ts";
import { deadLetterRoutes } from "#dead-letters/routes.ts";
import { tellUnalerted } from "#dead-letters/tell-unalerted.ts";
import { watchRuns } from "#dead-letters/watch-runs.ts";
import { allFunctions } from "#functions.ts";
import { createOutbox } from "#jobs/outbox.ts";
import { purge } from "#jobs/purge.ts";
import { jobRepository } from "#jobs/repository.ts";
import { jobRoutes } from "#jobs/routes.ts";
import { sendOutbox } from "#jobs/send-outbox.ts";
import { trackJobs } from "#jobs/track.ts";
import { createAuthenticate } from "#lib/auth.ts";
import { type Clock, systemClock } from "#lib/clock.ts";
import { createEngineApi } from "#lib/engine-api.ts";
import { type Env, readEnv } from "#lib/env.ts";
import { createFence } from "#lib/environment-fence.ts";
import { fastFetch } from "#lib/fetch.ts";
import { createFlowControl } from "#lib/flow-control.ts";
import { createHousekeeping } from "#lib/housekeeping.ts";
import type { Route } from "#lib/http.ts";
import { createInngest, serveFunctions } from "#lib/inngest.ts";
import { createLogger } from "#lib/logger.ts";
import { problemResponse } from "#lib/problem.ts";
import { createRoutes } from "#lib/router.ts";
import { createErrorReporter } from "#lib/sentry.ts";
import { createSlack } from "#lib/slack.ts";
import { createDatabase } from "#lib/supabase.ts";
import { databaseCheck, engineCheck, migrationsCheck } from "#status/checks.ts";
import { statusRoutes } from "#status/routes.ts";

type Outside = { fetch?: typeof globalThis.fetch; clock?: Clock };
export type App = ReturnType<typeof createApp>;

/** The composition root: the only place where clients are made. Everything below is handed what it may touch. */
export function createApp(env: Env, { fetch = fastFetch, clock = systemClock }: Outside = {}) {
  const logger = createLogger(env);
  const db = createDatabase(env, fetch);
  const jobs = jobRepository(db, clock);
  const letters = deadLetterRepository(db, clock);
  const engine = createEngineApi(env, fetch);
  const inngest = createInngest({ env, fetch, logger, middleware: [trackJobs(jobs)] });
  const outbox = createOutbox({ inngest, jobs, logger });

  const alert = createAlert({
    letters,
    logger,
    slack: createSlack(env.SLACK_WEBHOOK_URL, fetch),
    reporter: createErrorReporter(env, logger),
    redact: createRedact(campaignVisibleFields),
  });
  const maxAttempts = (functionId: string) => attemptsOf.get(functionId);
  const onFailure = createOnFailure({ letters, alert, maxAttempts });

  const campaigns: CampaignRoom = {
    env,
    inngest,
    db,
    clock,
    fetch,
    logger,
    onFailure,
    outbox,
    flow: createFlowControl(env.PLAN),
    mailMode: createFence(env, db, clock).mailMode,
  };
  const functions = allFunctions({ ...campaigns, jobs, letters, alert, maxAttempts });
  const attemptsOf = new Map(functions.map((fn) => [fn.id(), Number(fn.opts.retries) + 1]));

  const routes: Route[] = [
    ...campaignRoutes(campaigns),
    ...jobRoutes({ jobs, inngest, logger }),
    ...deadLetterRoutes({ letters, outbox }),
    ...statusRoutes({
      clock,
      release: env.RELEASE,
      checks: [databaseCheck(db), migrationsCheck(db), engineCheck(engine)],
      routes: () => routes,
    }),
  ];
  const keepHouse = createHousekeeping({
    clock,
    logger,
    chores: [
      sendOutbox({ jobs, outbox }),
      watchRuns({ jobs, letters, engine, clock }),
      tellUnalerted({ letters, alert }),
      purge({ jobs, clock }),
    ],
  });

  return {
    inngest,
    functions,
    routes,
    keepHouse,
    doors: {
      api: createRoutes({ routes, authenticate: createAuthenticate(db), logger }),
      inngest: serveFunctions(inngest, functions),
      housekeeping: async (_request: Request) => Response.json(await keepHouse()),
    },
  };
}

let running: App | undefined;

/** The app of this process, made when the first request comes: importing a door reads no environment. */
const app = (): App => (running ??= createApp(readEnv()));

/** A door of this process. An app that refuses to start says why to whoever knocks. */
export const door = (name: keyof App["doors"]) => async (request: Request) => {
  try {
    return await app().doors[name](request);
  } catch (error) {
    return problemResponse(error);
  }
};
