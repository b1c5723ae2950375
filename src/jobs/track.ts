import { Middleware } from "inngest";
import { z } from "zod";
import { cut } from "#lib/cut.ts";
import { parentJobOf } from "#lib/engine/inngest.ts";
import { addLogContext, type Logger } from "#lib/logger.ts";
import { maskPersonal } from "#lib/mask-personal.ts";
import type { JobRepository, StartingRun } from "./repository.ts";
import type { StartedRun } from "./rows.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "startRun" | "finishRun">;
  logger: Logger;
  /** Selects the fields of an event's data that the log may show. */
  show: (eventName: string, data: Record<string, unknown>) => Record<string, string | number>;
};

/** Inngest's own events about runs. The functions that receive these events have no jobs. */
const NEWS = /^inngest\/function\.(failed|cancelled|finished)$/;

/**
 * Keeps the ledger up to date while functions run: one statement when a run or a further attempt begins, and one when
 * it completes. Requests in between cost nothing. Both statements run inside the function's handler, so that their
 * errors are treated as errors of the run: an error keeps its code, it is logged, and a run that could not be recorded
 * is tried again. Failed attempts are recorded in `failed-tries.ts`, which decides whether they are repeated; failures
 * and cancels are recorded by the functions for Inngest's own events. Start and end are logged too; a failure is logged
 * with its alert.
 */
export const trackJobs = ({ jobs, logger, show }: Dependencies) =>
  class TrackJobs extends Middleware.BaseMiddleware {
    readonly id = "nightshift/jobs";
    #isOneStepOfMany = false;
    #isBeginning = false;
    #run: StartingRun | undefined;
    #started: StartedRun | undefined;

    override wrapRequest({ next, requestInfo }: Middleware.WrapRequestArgs) {
      // Inngest requests parallel steps one by one, and each of these requests looks like the first one of a run.
      this.#isOneStepOfMany = requestInfo.url.searchParams.get("stepId") !== "step";
      return next();
    }

    override transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
      const { ctx, fn, steps } = args;
      if (NEWS.test(ctx.event.name)) return args;
      this.#run = {
        eventId: ctx.event.id ?? ctx.runId,
        eventName: ctx.event.name,
        eventData: ctx.event.data ?? {},
        functionId: fn.id(),
        runId: ctx.runId,
        attempt: ctx.attempt,
        parentJobId: parentJobOf(ctx.event.data),
      };
      this.#isBeginning = ctx.attempt > 0 || (Object.keys(steps).length === 0 && !this.#isOneStepOfMany);
      return args;
    }

    override async wrapFunctionHandler({ next, ctx }: Middleware.WrapFunctionHandlerArgs) {
      if (this.#run && this.#isBeginning) this.#started = await jobs.startRun(this.#run);
      if (this.#started?.jobId) addLogContext({ jobId: this.#started.jobId });
      if (this.#started?.canceled) return { status: "canceled" };
      if (this.#started?.skip) return { status: "skipped", reason: "reprocessed for another function" };
      if (this.#run && this.#isBeginning)
        logger.info(
          {
            jobType: ctx.event.name,
            attempt: ctx.attempt + 1,
            data: show(ctx.event.name, fields.parse(ctx.event.data)),
          },
          "job started",
        );
      const result = await next();
      // Only the request that began the run knows whether the ledger tracks it.
      if (!this.#run || this.#started?.tracked === false) return result;
      const finished = await jobs.finishRun(this.#run, result);
      if (finished) {
        const { status, durationMs } = finished;
        const fields = { jobType: ctx.event.name, durationMs, result: wordsOf(result) };
        // When a job's parts are not done yet, the last part completes the job.
        logger.info(fields, status === "running" ? "job continues in parts" : `job ${status}`);
      }
      return result;
    }
  };

const fields = z.record(z.string(), z.unknown()).catch({});

/** A result as text for one line of the log. */
const wordsOf = (result: unknown): string => maskPersonal(cut(JSON.stringify(result) ?? "null"));
