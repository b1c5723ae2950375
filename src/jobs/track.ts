import { Middleware } from "inngest";
import { parentJobOf } from "#lib/engine/inngest.ts";
import { addLogContext } from "#lib/logger.ts";
import type { JobRepository, StartingRun } from "./repository.ts";
import type { StartedRun } from "./rows.ts";

type Jobs = Pick<JobRepository, "startRun" | "finishRun">;

/** Inngest's own events about runs. They report on work and are not jobs themselves. */
const NEWS = /^inngest\/function\.(failed|cancelled|finished)$/;

/**
 * Keeps the ledger up to date while functions run: one statement when a run or a further attempt begins, and one when
 * it completes. Requests in between cost nothing. Both statements wrap the function itself, so that an error is treated
 * as the run's own: it keeps its code, it is logged, and a run that could not be recorded is tried again. Failures and
 * cancels reach the ledger by Inngest's own events.
 */
export const trackJobs = (jobs: Jobs) =>
  class TrackJobs extends Middleware.BaseMiddleware {
    readonly id = "nightshift/jobs";
    #isOneStepOfMany = false;
    #isBeginning = false;
    #run: StartingRun | undefined;
    #started: StartedRun | undefined;

    override wrapRequest({ next, requestInfo }: Middleware.WrapRequestArgs) {
      // Inngest requests parallel steps one by one, and each such request looks like the first one of a run.
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

    override async wrapFunctionHandler({ next }: Middleware.WrapFunctionHandlerArgs) {
      if (this.#run && this.#isBeginning) this.#started = await jobs.startRun(this.#run);
      if (this.#started?.jobId) addLogContext({ jobId: this.#started.jobId });
      if (this.#started?.canceled) return { status: "canceled" };
      if (this.#started?.skip) return { status: "skipped", reason: "reprocessed for another function" };
      const result = await next();
      // Only the request that began the run knows whether the ledger tracks it.
      if (!this.#run || this.#started?.tracked === false) return result;
      await jobs.finishRun(this.#run, result);
      return result;
    }
  };
