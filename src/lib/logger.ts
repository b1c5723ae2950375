import { type Logger, pino } from "pino";
import type { Env } from "#lib/env.ts";

export type { Logger };

/**
 * Structured logs, one JSON object a line: ids of jobs, runs and events, never personal data. What might slip in
 * by mistake is cut out by name.
 */
export const createLogger = (env: Pick<Env, "LOG_LEVEL" | "NIGHTSHIFT_ENV">): Logger =>
  pino({
    level: env.LOG_LEVEL,
    base: { env: env.NIGHTSHIFT_ENV },
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
  });
