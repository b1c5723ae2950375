import {
  Inngest,
  type InngestFunction,
  Middleware,
  NonRetriableError,
  RetryAfterError,
  StepError,
} from "inngest";
import { serve } from "inngest/edge";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import type { Env } from "#lib/env.ts";
import { AppError, codeOf, meaningOf } from "#lib/errors.ts";
import { addLogContext, type Logger, withLogContext } from "#lib/logger.ts";
import { maskPersonal } from "#lib/mask-personal.ts";

/** The engine knows our functions as `nightshift-<id>`. */
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
  middleware?: Middleware.Class[];
};

/** Everything is given, nothing read from the process: two apps with different settings can live side by side. */
export function createInngest({ env, fetch, logger, middleware = [] }: Options): InngestClient {
  const isDev = env.INNGEST_DEV !== undefined && env.INNGEST_DEV !== "0" && env.INNGEST_DEV !== "false";
  const baseUrl = env.INNGEST_BASE_URL ?? (isDev ? devUrl(env.INNGEST_DEV) : undefined);
  return new Inngest({
    id: APP_ID,
    isDev,
    fetch,
    // The SDK would name the run once more, in words of its own: its `jobId` is a place in Inngest's queue.
    logger: Object.assign(logger.child({}), { child: () => logger }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(env.INNGEST_EVENT_KEY === undefined ? {} : { eventKey: env.INNGEST_EVENT_KEY }),
    ...(env.INNGEST_SIGNING_KEY === undefined ? {} : { signingKey: env.INNGEST_SIGNING_KEY }),
    // A request lives 60 s on Netlify: no new step begins after 40.
    checkpointing: env.CHECKPOINTING ? { bufferedSteps: 1, maxRuntime: "40s" } : false,
    // Ours are the last words on an error, so they stand outermost.
    middleware: [NameTheWork, SpeakOfErrors, ...middleware],
  });
}

/**
 * The functions behind one handler. The SDK builds its own address from the `host` header, which every real request
 * has and a `Request` made by hand may lack.
 */
export function serveFunctions(client: InngestClient, functions: InngestFunction.Any[]) {
  // Unsigned calls have no business here, not even to make us register again: `npm run sync` signs.
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

/** Says to the log what is at work: the ids of its job, its run and its event, and the function. */
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

/** The job that work was fanned out for. */
export const parentJobOf = (eventData: unknown): string | undefined =>
  fannedOut.safeParse(eventData).data?.parentJobId;

/** What an event says of its job: the engine's news are about the run of another, and what we accepted has its job's id. */
function jobIdOf(event: { id?: string | undefined; data?: unknown }): string | undefined {
  const { id, data } = news.safeParse(event).data?.data.event ?? event;
  return parentJobOf(data) ?? z.uuid().safeParse(id).data;
}

/**
 * Only this class knows how Inngest spells "stop" and "not before". The code, and how often it was tried, travel as
 * `cause`: nothing else survives.
 */
class SpeakOfErrors extends Middleware.BaseMiddleware {
  readonly id = "nightshift/errors";

  override wrapStepHandler = ({ next, ctx }: Middleware.WrapStepHandlerArgs) =>
    next().catch((error: unknown) => rethrow(error, ctx.attempt + 1, ctx.event.data));
  override wrapFunctionHandler = ({ next, ctx }: Middleware.WrapFunctionHandlerArgs) =>
    next().catch((error: unknown) => rethrow(error, ctx.attempt + 1, ctx.event.data));
}

const DEFAULT_LATER_MS = 60_000;

function rethrow(thrown: unknown, attempts: number, eventData: unknown): never {
  const error = thrown instanceof AppError ? toInngestError(thrown, attempts) : thrown;
  // A step's last error comes by again when it leaves the function: by then it has been judged.
  if (!(error instanceof Error) || error instanceof StepError) throw error;
  const cause = { code: codeOf(error), attempts };
  const wish = triesOf(eventData);
  if (error instanceof NonRetriableError || attempts >= wish.attempts)
    throw withStackOf(error, new NonRetriableError(error.message, { cause }));
  if (wish.backoffMs === undefined || error instanceof RetryAfterError) throw error;
  const delayMs = Math.min(wish.backoffMs * 2 ** (attempts - 1), MAX_BACKOFF_MS);
  throw withStackOf(error, new RetryAfterError(error.message, delayMs, { cause }));
}

const MAX_BACKOFF_MS = 24 * 60 * 60_000;
const tries = z.looseObject({
  attempts: z.int().positive().catch(Infinity),
  backoffMs: z.int().nonnegative().optional().catch(undefined),
});

/** S3-7: how often, and at what pace, the job of this event is tried. Never more often than its function's `retries`. */
const triesOf = (eventData: unknown): z.output<typeof tries> =>
  tries.catch({ attempts: Infinity, backoffMs: undefined }).parse(eventData);

/** `attempts`: the tries so far, this one included. */
export function toInngestError(error: AppError, attempts: number): Error {
  const { retry } = meaningOf(error.code);
  const cause = { code: error.code, attempts };
  if (retry === "stop") return withStackOf(error, new NonRetriableError(error.message, { cause }));
  const delayMs = error.retryAfterMs ?? (retry === "later" ? DEFAULT_LATER_MS : undefined);
  if (delayMs === undefined) return withStackOf(error, new Error(error.message, { cause }));
  return withStackOf(error, new RetryAfterError(error.message, delayMs, { cause }));
}

function withStackOf(original: Error, error: Error): Error {
  if (original.stack !== undefined) error.stack = original.stack;
  return error;
}

/** A trigger for the engine's news about our functions: an environment of Inngest tells every app of all apps' runs. */
export const newsOfOurs = (event: `inngest/function.${string}`) => ({
  event,
  if: `event.data.function_id.startsWith("${APP_ID}-")`,
});

/** `nightshift-send-email-campaign` → `send-email-campaign`. */
export const functionIdOf = (slug: string): string =>
  slug.startsWith(`${APP_ID}-`) ? slug.slice(APP_ID.length + 1) : slug;
