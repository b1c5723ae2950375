import { Middleware } from "inngest";
import { parentJobOf } from "#lib/engine/inngest.ts";
import { addLogContext } from "#lib/logger.ts";
import type { JobRepository, StartingRun } from "./repository.ts";
import type { StartedRun } from "./rows.ts";

type Jobs = Pick<JobRepository, "startRun" | "finishRun">;

/** The engine's own news about runs; they are about work, not work. */
const NEWS = /^inngest\/function\.(failed|cancelled|finished)$/;

/**
 * Keeps the ledger while functions run: one statement when a run begins (or begins another attempt), one when it
 * ends well. Requests in between cost nothing. Both stand around the function itself, where an error is the run's own:
 * it keeps its code, the log is told, and a run that could not be written down is tried again. Failures and cancels
 * reach the ledger by the engine's news.
 */
export const trackJobs = (jobs: Jobs) =>
  class TrackJobs extends Middleware.BaseMiddleware {
    readonly id = "nightshift/jobs";
    #isOneStepOfMany = false;
    #isBeginning = false;
    #run: StartingRun | undefined;
    #started: StartedRun | undefined;

    override wrapRequest({ next, requestInfo }: Middleware.WrapRequestArgs) {
      // Parallel steps are asked for one by one, each in a request that looks like the first.
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
      // Only the request that began the run knows that nobody wants to hear of its end.
      if (!this.#run || this.#started?.tracked === false) return result;
      await jobs.finishRun(this.#run, result);
      return result;
    }
  };
