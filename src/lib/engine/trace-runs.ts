import { Middleware } from "inngest";
import type { Clock } from "#lib/clock.ts";
import { cut } from "#lib/cut.ts";
import { maskPersonal } from "#lib/mask-personal.ts";
import type { Tracer, TraceSpan } from "#lib/outside/sentry.ts";

/** Inngest's own events about runs. Functions that receive them do no work of their own, so they are not traced. */
const NEWS = /^inngest\/function\./;

/**
 * S4-44: sends the tracer what each request of a run did. Inngest runs a function in several requests, in several
 * processes. Each request is one transaction, all in the run's one trace, with a span for each step that ran in it.
 */
export const traceRuns = ({ clock, tracer }: { clock: Clock; tracer: Tracer }) =>
  class TraceRuns extends Middleware.BaseMiddleware {
    readonly id = "nightshift/traces";
    readonly #spans: TraceSpan[] = [];
    #run: { functionId: string; tags: Record<string, string>; runId: string } | undefined;
    #hasFailed = false;

    override async wrapRequest({ next }: Middleware.WrapRequestArgs) {
      const startedAt = clock.now();
      const response = await next();
      if (this.#run !== undefined) {
        await tracer.trace({
          ...this.#run,
          startedAt,
          endedAt: clock.now(),
          isOk: !this.#hasFailed,
          spans: this.#spans,
        });
      }
      return response;
    }

    override transformFunctionInput(args: Middleware.TransformFunctionInputArgs) {
      const { ctx, fn } = args;
      const { name, id = "" } = ctx.event;
      if (NEWS.test(name)) return args;
      const tags = { jobType: name, eventId: maskPersonal(cut(id)), runId: ctx.runId };
      this.#run = { functionId: fn.id(), runId: ctx.runId, tags };
      return args;
    }

    override wrapStepHandler({ next, stepInfo }: Middleware.WrapStepHandlerArgs) {
      return this.#timed(stepInfo.options.id, next);
    }

    override async wrapFunctionHandler({ next }: Middleware.WrapFunctionHandlerArgs) {
      try {
        return await next();
      } catch (error) {
        this.#hasFailed = true;
        throw error;
      }
    }

    async #timed(name: string, work: () => Promise<unknown>): Promise<unknown> {
      const startedAt = clock.now();
      let isOk = false;
      try {
        const result = await work();
        isOk = true;
        return result;
      } finally {
        if (!isOk) this.#hasFailed = true;
        this.#spans.push({ name, startedAt, endedAt: clock.now(), isOk });
      }
    }
  };
