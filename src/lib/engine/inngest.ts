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
  middleware?: Middleware.Class[];
};

/** Reads nothing from the process, so that two apps with different settings can run in one process. */
export function createInngest({ env, fetch, logger, middleware = [] }: Options): InngestClient {
  const isDev = env.INNGEST_DEV !== undefined && env.INNGEST_DEV !== "0" && env.INNGEST_DEV !== "false";
  const baseUrl = env.INNGEST_BASE_URL ?? (isDev ? devUrl(env.INNGEST_DEV) : undefined);
  return new Inngest({
    id: APP_ID,
    isDev,
    fetch,
    // The SDK would add its own ids to each line, and its `jobId` is a position in Inngest's queue, not our job.
    logger: Object.assign(logger.child({}), { child: () => logger }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(env.INNGEST_EVENT_KEY === undefined ? {} : { eventKey: env.INNGEST_EVENT_KEY }),
    ...(env.INNGEST_SIGNING_KEY === undefined ? {} : { signingKey: env.INNGEST_SIGNING_KEY }),
    // A function may run 60 s on Netlify, so no new step begins after 40 s.
    checkpointing: env.CHECKPOINTING ? { bufferedSteps: 1, maxRuntime: "40s" } : false,
    // The outermost middleware sees an error last, and ours must decide how it is sent to Inngest.
    middleware: [NameTheWork, SpeakOfErrors, ...middleware],
  });
}

/**
 * One handler for all functions. The SDK builds its own address from the `host` header: every real request has one, but
 * a `Request` made in code may lack it.
 */
export function serveFunctions(client: InngestClient, functions: InngestFunction.Any[]) {
  // Unsigned calls are refused, even those that only ask the app to register again: `npm run sync` signs its call.
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

/** The id of the job that this work was fanned out for. */
export const parentJobOf = (eventData: unknown): string | undefined =>
  fannedOut.safeParse(eventData).data?.parentJobId;

/**
 * Which job an event belongs to. Inngest's own events are about another run; the events that we accept have their job's
 * id.
 */
function jobIdOf(event: { id?: string | undefined; data?: unknown }): string | undefined {
  const { id, data } = news.safeParse(event).data?.data.event ?? event;
  return parentJobOf(data) ?? z.uuid().safeParse(id).data;
}

/**
 * The only class that knows how Inngest expresses "stop" and "not before". Inngest keeps only `cause` of an error, so
 * the code and the number of tries are stored there.
 */
class SpeakOfErrors extends Middleware.BaseMiddleware {
  readonly id = "nightshift/errors";

  override wrapStepHandler = ({ next, ctx }: Middleware.WrapStepHandlerArgs) =>
    next().catch((error: unknown) => {
      throw judged(error, ctx.attempt + 1, ctx.event.data);
    });
  override wrapFunctionHandler = ({ next, ctx }: Middleware.WrapFunctionHandlerArgs) =>
    next().catch((error: unknown) => {
      throw judged(error, ctx.attempt + 1, ctx.event.data);
    });
}

const DEFAULT_LATER_MS = 60_000;

/** The error as Inngest is to see it. */
function judged(thrown: unknown, attempts: number, eventData: unknown): unknown {
  const error = thrown instanceof AppError ? toInngestError(thrown, attempts) : thrown;
  // A step's last error passes here a second time when it leaves the function, and is already converted.
  if (!(error instanceof Error) || error instanceof StepError) return error;
  const cause = { code: codeOf(error), attempts };
  const wish = triesOf(eventData);
  if (error instanceof NonRetriableError || attempts >= wish.attempts)
    return withStackOf(error, new NonRetriableError(error.message, { cause }));
  if (wish.backoffMs === undefined || error instanceof RetryAfterError) return error;
  const delayMs = Math.min(wish.backoffMs * 2 ** (attempts - 1), MAX_BACKOFF_MS);
  return withStackOf(error, new RetryAfterError(error.message, delayMs, { cause }));
}

type Attempt = { attempt: number; maxAttempts?: number | undefined; event: { data?: unknown } };

/**
 * What follows a failed attempt: undefined when it was the last one, else how long until the next. `delayMs` is undefined
 * when Inngest chooses the delay.
 */
export function retryAfter(
  thrown: unknown,
  { attempt, maxAttempts, event }: Attempt,
): { delayMs: number | undefined } | undefined {
  const error = judged(thrown, attempt + 1, event.data);
  const isLast = maxAttempts !== undefined && attempt + 1 >= maxAttempts;
  if (isLast || error instanceof NonRetriableError || error instanceof StepError) return undefined;
  const seconds = error instanceof RetryAfterError ? Number(error.retryAfter) : Number.NaN;
  return { delayMs: Number.isNaN(seconds) ? undefined : seconds * 1000 };
}

const MAX_BACKOFF_MS = 24 * 60 * 60_000;
const tries = z.looseObject({
  attempts: z.int().positive().catch(Infinity),
  backoffMs: z.int().nonnegative().optional().catch(undefined),
});

/**
 * S3-7: how often and with which delays the job of this event is tried; never more often than its function's `retries`.
 */
const triesOf = (eventData: unknown): z.output<typeof tries> =>
  tries.catch({ attempts: Infinity, backoffMs: undefined }).parse(eventData);

/** `attempts` is the number of tries so far, including this one. */
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

/**
 * A trigger for Inngest's events about our functions: Inngest sends an app the events of all apps in its environment.
 */
export const newsOfOurs = (event: `inngest/function.${string}`) => ({
  event,
  if: `event.data.function_id.startsWith("${APP_ID}-")`,
});

/** `nightshift-send-email-campaign` becomes `send-email-campaign`. */
export const functionIdOf = (slug: string): string =>
  slug.startsWith(`${APP_ID}-`) ? slug.slice(APP_ID.length + 1) : slug;
