import { Middleware } from "inngest";
import type { Clock } from "#lib/clock.ts";
import type { Logger } from "#lib/logger.ts";

/** Logs two lines for each new step, at level debug. The SDK logs failed steps, with their error. */
export const logSteps = ({ clock, logger }: { clock: Clock; logger: Logger }) =>
  class LogSteps extends Middleware.BaseMiddleware {
    readonly id = "nightshift/steps";

    override async wrapStepHandler({ next, stepInfo }: Middleware.WrapStepHandlerArgs) {
      const step = stepInfo.options.id;
      const startedAt = clock.now().getTime();
      logger.debug({ step }, "step started");
      const result = await next();
      logger.debug({ step, durationMs: clock.now().getTime() - startedAt }, "step completed");
      return result;
    }
  };
