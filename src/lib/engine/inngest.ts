import { Inngest, type InngestFunction, Middleware } from "inngest";
import { serve } from "inngest/edge";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import { countFailedTries, type NoteFailedTry } from "#lib/engine/failed-tries.ts";
import type { Env } from "#lib/env.ts";
import { addLogContext, type Logger, withLogContext } from "#lib/logger.ts";
import { maskPersonal } from "#lib/mask-personal.ts";

/** Inngest names our functions `nightshift-<id>`. */
export const APP_ID = "nightshift";

export type InngestClient = Inngest<{ id: typeof APP_ID }>;

type Settings = Pick<
  Env,
  "INNGEST_DEV" | "INNGEST_BASE_URL" | "INNGEST_EVENT_KEY" | "INNGEST_SIGNING_KEY" | "CHECKPOINTING"
>;
type Options = {
  env: Settings;
  fetch: typeof globalThis.fetch;
  logger: Logger;
  noteFailedTry?: NoteFailedTry;
  middleware?: Middleware.Class[];
};

/**
 * Makes a client from its arguments alone, not from the process's environment, so that two apps with different settings
 * can run in one process.
 */
export function createInngest({
  env,
  fetch,
  logger,
  noteFailedTry = async ({ attempt }) => attempt + 1,
  middleware = [],
}: Options): InngestClient {
  const isDev = env.INNGEST_DEV !== undefined && env.INNGEST_DEV !== "0" && env.INNGEST_DEV !== "false";
  const baseUrl = env.INNGEST_BASE_URL ?? (isDev ? devUrl(env.INNGEST_DEV) : undefined);
  return new Inngest({
    id: APP_ID,
    isDev,
    fetch,
    // With a child logger the SDK would add its own ids to each line. The SDK's `jobId` is a position in Inngest's
    // queue, not our job.
    logger: Object.assign(logger.child({}), { child: () => logger }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(env.INNGEST_EVENT_KEY === undefined ? {} : { eventKey: env.INNGEST_EVENT_KEY }),
    ...(env.INNGEST_SIGNING_KEY === undefined ? {} : { signingKey: env.INNGEST_SIGNING_KEY }),
    // A function may run 60 s on Netlify, so no new step begins after 40 s.
    checkpointing: env.CHECKPOINTING ? { bufferedSteps: 1, maxRuntime: "40s" } : false,
    // An outer middleware sees an error after the inner ones. So `countFailedTries`, which decides how an error is sent
    // to Inngest, comes before `...middleware`.
    middleware: [NameTheWork, countFailedTries(noteFailedTry), ...middleware],
  });
}

/**
 * One handler for all functions. The SDK builds its own address from the `host` header: every real request has one, but
 * a `Request` made in code may lack it.
 */
export function serveFunctions(client: InngestClient, functions: InngestFunction.Any[]) {
  // Unsigned calls are refused, also calls that only ask the app to register again. `npm run sync` signs its call.
  const handler = serve({ client, functions, servePath: "/api/inngest", enableUnauthedSync: false });
  return async (request: Request): Promise<Response> => {
    if (request.headers.has("host")) return handler(request);
    const headers = new Headers(request.headers);
    headers.set("host", new URL(request.url).host);
    return handler(new Request(request, { headers }));
  };
}

export const devUrl = (setting: string | undefined): string =>
  setting?.startsWith("http") ? setting : "http://localhost:8288";

/** Adds the ids of the job, the run and the event, and the function's name, to every log line. */
class NameTheWork extends Middleware.BaseMiddleware {
  readonly id = "nightshift/log";

  override wrapRequest = ({ next }: Middleware.WrapRequestArgs) => withLogContext({}, next);
  override transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
    const { ctx, fn } = args;
    addLogContext({
      jobId: jobIdOf(ctx.event),
      runId: ctx.runId,
      eventId: maskPersonal(cut(ctx.event.id ?? "")),
      functionId: fn.id(),
    });
    return args;
  }
}

const fannedOut = z.looseObject({ parentJobId: z.uuid() });
const news = z.object({
  name: z.string().startsWith("inngest/function."),
  data: z.object({ event: z.object({ id: z.string().optional(), data: z.unknown() }) }),
});

/** The id of the job for which this work was fanned out. */
export const parentJobOf = (eventData: unknown): string | undefined =>
  fannedOut.safeParse(eventData).data?.parentJobId;

/**
 * The id of the job to which an event belongs. An event of Inngest's own belongs to the job of the run that it is
 * about. An event that we accepted has the id of its job.
 */
export function jobIdOf(event: { id?: string | undefined; data?: unknown }): string | undefined {
  const { id, data } = news.safeParse(event).data?.data.event ?? event;
  return parentJobOf(data) ?? z.uuid().safeParse(id).data;
}

/**
 * A trigger for Inngest's events about our functions. It needs the condition `if`, because Inngest sends each app the
 * events of all apps in its environment.
 */
export const newsOfOurs = (event: `inngest/function.${string}`) => ({
  event,
  if: `event.data.function_id.startsWith("${APP_ID}-")`,
});

/** `nightshift-send-email-campaign` becomes `send-email-campaign`. */
export const functionIdOf = (slug: string): string =>
  slug.startsWith(`${APP_ID}-`) ? slug.slice(APP_ID.length + 1) : slug;
