import { AsyncLocalStorage } from "node:async_hooks";
import { type DestinationStream, type Logger, pino } from "pino";
import { cut } from "#lib/cut.ts";
import type { Env } from "#lib/env.ts";
import { codeOf } from "#lib/errors.ts";
import { maskPersonal } from "#lib/mask-personal.ts";

export type { Logger };

type Facts = Record<string, string | undefined>;
const context = new AsyncLocalStorage<Facts>();

/** Adds these fields, and those of `addLogContext`, to every line that is logged while `work` runs. */
export const withLogContext = <T>(facts: Facts, work: () => T): T => context.run({ ...facts }, work);

/** Adds fields to the lines of the current work; does nothing outside of `withLogContext`. */
export const addLogContext = (facts: Facts): void => void Object.assign(context.getStore() ?? {}, facts);

/**
 * Structured logs: one JSON object per line, with the ids of jobs, runs and events, and no personal data. Values that
 * could hold secrets are removed by their names. Level and environment are optional, because a failed start may not
 * know them.
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
 * The logged fields of an error, and of its causes. Other fields are left out, because libraries attach whole requests
 * to their errors. The text is cut, and addresses and keys in it are masked. supabase-js throws plain objects with a
 * `message`.
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
