import { Middleware } from "inngest";
import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { AppError, codeOf, type ErrorCode } from "#lib/errors.ts";
import type { Logger } from "#lib/logger.ts";

/** Work whose deadline has passed is not done: the run ends without an error, and its job is `skipped` (S4-53). */
export const DEADLINE_PASSED = { status: "skipped", reason: "deadline_passed" } as const;

const withDeadline = z.looseObject({ deadlineAt: z.iso.datetime({ offset: true }) });

/** Milliseconds until the deadline of this event; Infinity when it has none. */
export function remainingMs(eventData: unknown, now: Date): number {
  const { data } = withDeadline.safeParse(eventData);
  return data === undefined ? Infinity : Math.max(0, Date.parse(data.deadlineAt) - now.getTime());
}

/** The time limit of a call, and the code of the error when it takes longer. */
export type Patience = { ms: number; code: ErrorCode };

/** The call's own time limit, or the time left until the deadline when that is shorter. */
export const patienceOf = (ownMs: number, leftMs: number): Patience =>
  leftMs < ownMs ? { ms: leftMs, code: "deadline_passed" } : { ms: ownMs, code: "provider_timeout" };

/**
 * Checks `event.data.deadlineAt` before a run begins, before each new step or sleep, and before each retry. A step that
 * is running when the deadline passes is not interrupted. A step that throws `deadline_passed` ends the run as
 * `skipped`, like a run that never began.
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
