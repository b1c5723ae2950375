import { AsyncLocalStorage } from "node:async_hooks";
import { Middleware } from "inngest";
import { type DestinationStream, pino } from "pino";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import { jobIdOf } from "#lib/engine/inngest.ts";
import type { Logger } from "#lib/logger.ts";

type LogLine = {
  runId: string;
  functionId: string;
  at: string;
  level: string;
  message: string;
  facts: string;
};
export type KeptLog = { jobId: string | undefined; lines: LogLine[] };

/** The most lines of one request. The newest lines are kept. */
const MOST_LINES = 100;
const MOST_MESSAGE_CHARS = 1_000;
const MOST_FACTS_CHARS = 3_000;

const linesOfRequest = new AsyncLocalStorage<LogLine[]>();

/** Writes the log's lines to `to`, and remembers those that are logged during a request that `keepLog` wraps. */
export const rememberLines = (to: DestinationStream = pino.destination(1)): DestinationStream => ({
  write(text) {
    to.write(text);
    const lines = linesOfRequest.getStore();
    if (lines === undefined) return;
    lines.push(...lineOf(text));
    if (lines.length > MOST_LINES) lines.shift();
  },
});

type Dependencies = {
  /** Stores lines of a run. */
  keep: (log: KeptLog) => Promise<void>;
  /** A logger whose lines are not remembered. */
  logger: Logger;
};

/**
 * Stores the log lines of a run with its job, with one statement for each request that has logged lines. Lines about the
 * start, the end and the steps of a run are not stored, because the run's timeline and trace show them.
 */
export const keepLog = ({ keep, logger }: Dependencies) =>
  class KeepLog extends Middleware.BaseMiddleware {
    readonly id = "nightshift/kept-log";
    #jobId: string | undefined;

    override async wrapRequest({ next }: Middleware.WrapRequestArgs) {
      const lines: LogLine[] = [];
      const response = await linesOfRequest.run(lines, next);
      if (lines.length > 0) {
        // The run has done its work already, so a log that cannot be stored is no failure of the run.
        await keep({ jobId: this.#jobId, lines }).catch((err: unknown) =>
          logger.warn({ err }, "could not keep the log of a run"),
        );
      }
      return response;
    }

    override transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
      this.#jobId = jobIdOf(args.ctx.event);
      return args;
    }
  };

const logged = z.looseObject({
  time: z.number(),
  level: z.number(),
  msg: z.string().default(""),
  runId: z.string(),
  functionId: z.string(),
});

/** Converts a line of the log to its stored form. Returns an empty list for a line that names no run. */
function lineOf(text: string): LogLine[] {
  const { data } = logged.safeParse(JSON.parse(text));
  if (data === undefined) return [];
  const { time, level, msg, runId, functionId, env: _env, jobId: _job, eventId: _event, ...facts } = data;
  return [
    {
      runId,
      functionId,
      at: new Date(time).toISOString(),
      level: pino.levels.labels[level] ?? String(level),
      message: cut(msg, MOST_MESSAGE_CHARS),
      facts: Object.keys(facts).length === 0 ? "" : cut(JSON.stringify(facts), MOST_FACTS_CHARS),
    },
  ];
}
