import { Middleware } from "inngest";
import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { AppError, codeOf, type ErrorCode } from "#lib/errors.ts";
import type { Logger } from "#lib/logger.ts";

/** Work that nobody wants any more was not done: the run ends well, and its job is `skipped` (S4-53). */
export const DEADLINE_PASSED = { status: "skipped", reason: "deadline_passed" } as const;

const withDeadline = z.looseObject({ deadlineAt: z.iso.datetime({ offset: true }) });

/** How long somebody will still want the work of this event, in milliseconds; without a deadline: Infinity. */
export function remainingMs(eventData: unknown, now: Date): number {
  const { data } = withDeadline.safeParse(eventData);
  return data === undefined ? Infinity : Math.max(0, Date.parse(data.deadlineAt) - now.getTime());
}

/** How long a call may take, and the code of the error that ends it then. */
export type Patience = { ms: number; code: ErrorCode };

/** A call's own time, or what is left to the deadline where that is less. */
export const patienceOf = (ownMs: number, leftMs: number): Patience =>
  leftMs < ownMs ? { ms: leftMs, code: "deadline_passed" } : { ms: ownMs, code: "provider_timeout" };

/**
 * Looks at `event.data.deadlineAt` before a run begins, before each step or sleep that is not done yet, and before
 * each retry. A step that is at work when the deadline passes is not torn apart; one that gives up because of it throws
 * `deadline_passed`, and the run ends as well as one that was never begun.
 */
export const keepDeadlines = ({ clock, logger }: { clock: Clock; logger: Logger }) =>
  class KeepDeadlines extends Middleware.BaseMiddleware {
    readonly id = "nightshift/deadline";
    #eventData: unknown;
    #isBeginning = false;

    override transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
      this.#eventData = args.ctx.event.data;
      this.#isBeginning = Object.keys(args.steps).length === 0 || args.ctx.attempt > 0;
      return args;
    }

    override transformStepInput(args: Middleware.TransformStepInputArgs) {
      if (!args.stepInfo.memoized && this.#hasPassed()) {
        throw new AppError("deadline_passed", "The deadline has passed");
      }
      return args;
    }

    override async wrapFunctionHandler({ next }: Middleware.WrapFunctionHandlerArgs) {
      try {
        if (!this.#isBeginning || !this.#hasPassed()) return await next();
      } catch (error) {
        if (codeOf(error) !== "deadline_passed") throw error;
      }
      logger.warn("skipped: its deadline has passed");
      return DEADLINE_PASSED;
    }

    #hasPassed(): boolean {
      return remainingMs(this.#eventData, clock.now()) === 0;
    }
  };
