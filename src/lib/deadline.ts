import { Middleware } from "inngest";
import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import type { Logger } from "#lib/logger.ts";

/** Work that nobody wants any more was not done: the run ends well, and its job is `skipped` (S4-53). */
export const DEADLINE_PASSED = { status: "skipped", reason: "deadline_passed" } as const;

const withDeadline = z.looseObject({ deadlineAt: z.iso.datetime({ offset: true }) });

/** How long somebody will still want the work of this event: what a call to a provider may take at most. */
export function remainingMs(eventData: unknown, now: Date): number {
  const { data } = withDeadline.safeParse(eventData);
  return data === undefined ? Infinity : Math.max(0, Date.parse(data.deadlineAt) - now.getTime());
}

/**
 * Looks at `event.data.deadlineAt` before a run begins, before each step or sleep that is not done yet, and before
 * each retry. What is at work when the deadline passes is not torn apart: it ends its step.
 */
export const keepDeadlines = ({ clock, logger }: { clock: Clock; logger: Logger }) =>
  class KeepDeadlines extends Middleware.BaseMiddleware {
    readonly id = "nightshift/deadline";
    #eventData: unknown;
    #isBeginning = false;
    #isOver = false;

    override transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
      this.#eventData = args.ctx.event.data;
      this.#isBeginning = Object.keys(args.steps).length === 0 || args.ctx.attempt > 0;
      return args;
    }

    override transformStepInput(args: Middleware.TransformStepInputArgs) {
      if (!args.stepInfo.memoized && this.#hasPassed()) {
        this.#isOver = true;
        throw new Error("The deadline has passed");
      }
      return args;
    }

    override async wrapFunctionHandler({ ctx, fn, next }: Middleware.WrapFunctionHandlerArgs) {
      try {
        if (!this.#isBeginning || !this.#hasPassed()) return await next();
      } catch (error) {
        if (!this.#isOver) throw error;
      }
      logger.warn({ jobId: ctx.event.id, functionId: fn.id() }, "skipped: its deadline has passed");
      return DEADLINE_PASSED;
    }

    #hasPassed(): boolean {
      return remainingMs(this.#eventData, clock.now()) === 0;
    }
  };
