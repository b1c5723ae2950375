import { Middleware, NonRetriableError, RetryAfterError, StepError } from "inngest";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import {
  delayMs,
  ENGINE_RETRIES,
  policyOf,
  RETRY_POLICIES,
  type RetryPolicyName,
} from "#lib/engine/retry-policy.ts";
import { AppError, codeOf, isOurOutage, meaningOf } from "#lib/errors.ts";

export type FailedTry = {
  runId: string;
  /** Empty when the function failed outside its steps. */
  stepId: string;
  /** The engine's number of the try (0 is the first); the engine also counts tries that our own outages ended. */
  attempt: number;
  error: { code: string | null; message: string };
  /**
   * The pauses before the further tries in ms. Null: the error or the engine chooses the pause. After the last pause no
   * try follows. Undefined when this failure does not count as a try.
   */
  pausesMs: (number | null)[] | undefined;
  /** The delay that the error itself asks for, in ms. */
  delayMs: number | undefined;
};

/** Records a failed try and returns how many failed tries the step has had. A repeated call counts once. */
export type NoteFailedTry = (failed: FailedTry) => Promise<number>;

type Failed = Pick<FailedTry, "runId" | "stepId" | "attempt"> & {
  /** The step's name in the code; undefined outside of steps. */
  step: string | undefined;
  maxAttempts: number | undefined;
  eventData: unknown;
  policy: RetryPolicyName | undefined;
};

/**
 * Decides whether failed work is tried again, and when:
 * - An error that no retry can help stops the run.
 * - An outage of our own services is retried by the engine, 20 times over hours, and does not count as a try. Neither
 *   does a crash, which never reaches this code.
 * - Every other failure is counted in the database. The function's policy says how many there may be and with which
 *   pauses, unless the job's event asks for other numbers (S3-7).
 *
 * Only this class knows how Inngest expresses "stop" and "not before". Inngest keeps only `cause` of an error, so
 * the code, the number of the engine's tries and the step are stored there.
 */
export const countFailedTries = (note: NoteFailedTry) =>
  class CountFailedTries extends Middleware.BaseMiddleware {
    readonly id = "nightshift/failed-tries";

    override wrapStepHandler({ next, ctx, fn, stepInfo }: Middleware.WrapStepHandlerArgs) {
      return next()
        .catch((error: unknown) => {
          throw stepInfo.stepType === "sendEvent" ? engineTrouble(error) : error;
        })
        .catch((error: unknown) =>
          judge(error, failedIn(ctx, fn, stepInfo.hashedId, stepInfo.options.id), note),
        );
    }

    override wrapFunctionHandler({ next, ctx, fn }: Middleware.WrapFunctionHandlerArgs) {
      return next().catch((error: unknown) => judge(error, failedIn(ctx, fn, ""), note));
    }
  };

const failedIn = (
  { runId, attempt, maxAttempts, event }: Middleware.WrapFunctionHandlerArgs["ctx"],
  { opts }: Middleware.WrapFunctionHandlerArgs["fn"],
  stepId: string,
  step?: string,
): Failed => ({ runId, stepId, step, attempt, maxAttempts, eventData: event.data, policy: policyOf(opts) });

/** An error here means that the engine did not accept the events of the step. */
const engineTrouble = (cause: unknown) =>
  cause instanceof AppError
    ? cause
    : new AppError("engine_unavailable", `The engine did not accept the events: ${messageOf(cause)}`, {
        cause,
      });

async function judge(thrown: unknown, failed: Failed, note: NoteFailedTry): Promise<never> {
  // When a step has failed for the last time, its error leaves the function and is passed here again, already
  // converted.
  if (thrown instanceof StepError) throw thrown;
  const attempts = failed.attempt + 1;
  const error = thrown instanceof AppError ? toInngestError(thrown, attempts, failed.step) : toError(thrown);
  const code = codeOf(error);
  const cause = { code, attempts, step: failed.step };
  const stop = () => withStackOf(error, new NonRetriableError(error.message, { cause }));
  if (error instanceof NonRetriableError) throw stop();
  if (failed.maxAttempts !== undefined && attempts >= failed.maxAttempts) throw error;

  const pausesMs = code !== undefined && isOurOutage(code) ? undefined : pausesOf(thrown, error, failed);
  const noted = { code: code ?? null, message: cut(error.message) };
  // When the database is down, this failure counts as an outage.
  const { runId, stepId, attempt } = failed;
  const count = await note({ runId, stepId, attempt, error: noted, pausesMs, delayMs: delayOf(error) }).catch(
    () => 0,
  );
  if (pausesMs === undefined || count === 0) throw error;
  if (count > pausesMs.length) throw stop();
  const pauseMs = pausesMs[count - 1];
  if (typeof pauseMs !== "number") throw error;
  throw withStackOf(error, new RetryAfterError(error.message, pauseMs, { cause }));
}

/** Inngest keeps the delay of a RetryAfterError in seconds. */
const delayOf = (error: Error): number | undefined => {
  const seconds = error instanceof RetryAfterError ? Number(error.retryAfter) : Number.NaN;
  return Number.isNaN(seconds) ? undefined : seconds * 1000;
};

const MAX_BACKOFF_MS = 24 * 60 * 60_000;
const wanted = z.looseObject({
  attempts: z.int().positive().optional().catch(undefined),
  backoffMs: z.int().nonnegative().optional().catch(undefined),
});

/**
 * The pauses before the further tries; undefined when only the engine limits the tries. When an error has its own delay
 * (a provider's Retry-After, or a room that counts its tries itself), that delay applies instead of the policy's, and
 * of the event's options only the number of tries applies.
 */
function pausesOf(thrown: unknown, error: Error, failed: Failed): FailedTry["pausesMs"] | undefined {
  const { attempts = Infinity, backoffMs } = wanted.catch({}).parse(failed.eventData);
  const hasOwnDelay = thrown instanceof AppError ? thrown.retryAfterMs !== undefined : isLater(thrown);
  const policy = hasOwnDelay ? undefined : failed.policy;
  const most = Math.min(
    ENGINE_RETRIES,
    attempts - 1,
    policy === undefined ? ENGINE_RETRIES : RETRY_POLICIES[policy].retries,
  );
  if (most === ENGINE_RETRIES && (isLater(error) || backoffMs === undefined)) return undefined;
  const random = Math.random();
  return Array.from({ length: most }, (_, n) => {
    if (isLater(error)) return null;
    if (backoffMs !== undefined) return Math.min(backoffMs * 2 ** n, MAX_BACKOFF_MS);
    return policy === undefined ? null : (delayMs(policy, n + 1, random) ?? null);
  });
}

const isLater = (error: unknown): boolean => error instanceof RetryAfterError;

const DEFAULT_LATER_MS = 60_000;

/** `attempts` is the number of tries so far, including this one; `step` is the name of the step that failed. */
export function toInngestError(error: AppError, attempts: number, step?: string): Error {
  const { retry } = meaningOf(error.code);
  const cause = { code: error.code, attempts, step };
  if (retry === "stop") return withStackOf(error, new NonRetriableError(error.message, { cause }));
  const delayMs = error.retryAfterMs ?? (retry === "later" ? DEFAULT_LATER_MS : undefined);
  if (delayMs === undefined) return withStackOf(error, new Error(error.message, { cause }));
  return withStackOf(error, new RetryAfterError(error.message, delayMs, { cause }));
}

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(messageOf(thrown)));

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

function withStackOf(original: Error, error: Error): Error {
  if (original.stack !== undefined) error.stack = original.stack;
  return error;
}
