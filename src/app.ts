import type { InngestFunction } from "inngest";
import { eventSchemas } from "#event-schemas.ts";
import * as events from "#events.ts";
import { eventRoutes } from "#jobs/event-routes.ts";
import { functionRepository } from "#jobs/function-repository.ts";
import { reserveOnRefusal } from "#jobs/reservations.ts";
import { type Env, readEnv } from "#lib/env.ts";
import { createHousekeeping } from "#lib/housekeeping.ts";
import { createAuthenticate } from "#lib/http/auth.ts";
import type { Route, WaitUntil } from "#lib/http/route.ts";
import { createRoutes } from "#lib/http/router.ts";
import { ticketRoutes } from "#lib/http/tickets.ts";
import { createLogger } from "#lib/logger.ts";
import { createPlatform, type Outside, type Platform } from "#platform.ts";
import { rooms } from "#rooms.ts";
import { platformChecks } from "#status/checks.ts";
import { openApiRoute, statusRoutes } from "#status/routes.ts";
import { answerWithoutApp } from "#status/without-app.ts";

export type App = ReturnType<typeof createApp>;

type MakeFunctions = (platform: Platform) => InngestFunction.Any[];

/**
 * The composition root. It makes the clients from the environment variables. From the clients it makes the functions,
 * the routes and a handler for each door. The functions are a parameter, so that only the door that runs them bundles
 * their packages (sharp alone is 19 MB).
 */
export function createApp(env: Env, outside: Outside = {}, makeFunctions = noFunctions) {
  const schedules = rooms.flatMap((room) => room.schedules?.(env) ?? []);
  const platform = createPlatform(env, outside, { visibleFields, facts, schedules, eventSchemas });
  const { inngest, logger } = platform;
  const functions = makeFunctions(platform);
  const routes = allRoutes(platform).map(reserveOnRefusal(platform));
  const keepHouse = createHousekeeping({
    ...platform,
    chores: rooms.flatMap(({ chores }) => chores?.(platform) ?? []),
  });
  return {
    inngest,
    functions,
    routes,
    keepHouse,
    doors: {
      api: createRoutes({
        routes,
        authenticate: createAuthenticate(platform),
        openTicket: platform.tickets.open,
        logger,
        audit: platform.audit,
      }),
      inngest: platform.serve(functions),
      housekeeping: async (_request: Request) => Response.json(await keepHouse()),
    },
  };
}

function allRoutes(platform: Platform): Route[] {
  const { clock, env } = platform;
  const routes: Route[] = [
    ...rooms.flatMap((room) => room.routes?.(platform) ?? []),
    ...ticketRoutes({ tickets: platform.tickets, routes: () => routes }),
    ...eventRoutes({
      ...platform,
      functions: functionRepository(platform.db, clock),
      events: Object.values(events).filter((one) => typeof one === "object"),
    }),
    ...statusRoutes({
      clock,
      release: env.RELEASE,
      checks: [...platformChecks(platform), ...rooms.flatMap((room) => room.checks?.(platform) ?? [])],
    }),
    openApiRoute(() => routes),
  ];
  return routes;
}

const visibleFields = Object.fromEntries(rooms.flatMap((room) => Object.entries(room.visibleFields ?? {})));

const facts = rooms.flatMap((room) => room.facts ?? []);

const noFunctions: MakeFunctions = () => [];

const running = new Map<MakeFunctions, App>();

/** The app of this process, made at the first request, so that importing a door reads no environment variables. */
function appWith(makeFunctions: MakeFunctions): App {
  const app = running.get(makeFunctions) ?? createApp(readEnv(), {}, makeFunctions);
  running.set(makeFunctions, app);
  return app;
}

/**
 * The logger for errors that occur before an app exists. It uses no environment variables, because reading the
 * variables may have failed.
 */
const fallbackLogger = createLogger({});

/** Makes the handler of a door (a Netlify function). When the app refuses to start, the answer and the log say why. */
export const door =
  (name: keyof App["doors"], makeFunctions = noFunctions) =>
  async (request: Request, context?: { waitUntil: WaitUntil }) => {
    try {
      const waitUntil = context && ((work: Promise<unknown>) => context.waitUntil(work));
      return await appWith(makeFunctions).doors[name](request, waitUntil);
    } catch (error) {
      fallbackLogger.error({ err: error, door: name }, "the door failed");
      return answerWithoutApp(request, error, fallbackLogger);
    }
  };
