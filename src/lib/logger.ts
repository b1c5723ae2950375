import { AsyncLocalStorage } from "node:async_hooks";
import { type DestinationStream, type Logger, pino } from "pino";
import { cut } from "#lib/cut.ts";
import type { Env } from "#lib/env.ts";
import { codeOf } from "#lib/errors.ts";
import { maskPersonal } from "#lib/mask-personal.ts";

export type { Logger };

type Facts = Record<string, string | undefined>;
const context = new AsyncLocalStorage<Facts>();

/** Every line that is written while `work` goes on carries these facts, whoever writes it, and those added on the way. */
export const withLogContext = <T>(facts: Facts, work: () => T): T => context.run({ ...facts }, work);

/** More about the work that goes on; nothing happens where none does. */
export const addLogContext = (facts: Facts): void => void Object.assign(context.getStore() ?? {}, facts);

/**
 * Structured logs, one JSON object a line: ids of jobs, runs and events, never personal data. What might slip in
 * by mistake is cut out by name. A level and an environment that nobody knows yet may be left out.
 */
export const createLogger = (
  env: Partial<Pick<Env, "LOG_LEVEL" | "NIGHTSHIFT_ENV">>,
  to?: DestinationStream,
): Logger =>
  pino(
    {
      level: env.LOG_LEVEL ?? "info",
      base: { env: env.NIGHTSHIFT_ENV },
      mixin: () => ({ ...context.getStore() }),
      serializers: { err: (error: unknown) => errorFacts(error) },
      redact: {
        paths: [
          "email",
          "to",
          "*.email",
          "*.to",
          "authorization",
          "*.authorization",
          "event.data",
          "data.email",
        ],
        censor: "[redacted]",
      },
    },
    to,
  );

/**
 * Errors quote what they are about, and so do their causes: they are cut, and addresses and keys are masked. Only what
 * is listed here is logged of an error; libraries hang whole requests on theirs. supabase-js gives plain objects with a
 * `message` for errors.
 */
function errorFacts(error: unknown, depth = 0): unknown {
  const code = codeOf(error);
  if (!(error instanceof Error)) return { code, message: wordsOf(error) };
  const inner =
    error instanceof AggregateError ? error.errors : error.cause === undefined ? [] : [error.cause];
  return {
    type: error.name,
    code,
    message: wordsOf(error),
    stack: maskPersonal(cut(error.stack ?? "")),
    causes:
      depth < 4 && inner.length > 0
        ? inner.slice(0, MOST_CAUSES).map((cause) => errorFacts(cause, depth + 1))
        : undefined,
  };
}

const MOST_CAUSES = 10;

function wordsOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("message" in error)) return undefined;
  return typeof error.message === "string" ? maskPersonal(cut(error.message)) : undefined;
}
