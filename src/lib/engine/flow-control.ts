import { ALL_PRIORITIES, boostOf, DEFAULT_PRIORITY, PRIORITIES } from "#lib/engine/priorities.ts";

/** What one account of Inngest may run at the same time: steps, over all functions. */
export type Plan = "free" | "pro";
const STEPS_AT_ONCE: Record<Plan, number> = { free: 5, pro: 100 };

export type Concurrency = { limit: number; key?: string };

/**
 * The seconds of `boostOf` by the class in the event's data; an event without a class is normal work. They are written
 * as whole numbers because Inngest ignores a double, which is what a number from an event's data is.
 */
const BOOST = ALL_PRIORITIES.filter((priority) => priority !== DEFAULT_PRIORITY).reduceRight(
  (otherwise, priority) => `event.data.priority == ${priority} ? ${boostOf(priority)} : ${otherwise}`,
  String(boostOf(DEFAULT_PRIORITY)),
);

/** The wanted concurrency, clipped to what the plan really allows (a higher number is refused at sync). */
export const createFlowControl = (plan: Plan) => {
  const concurrency = (limit: number, key?: string): Concurrency => ({
    limit: Math.min(limit, STEPS_AT_ONCE[plan]),
    ...(key === undefined ? {} : { key }),
  });
  return {
    concurrency,
    /**
     * For a function whose events carry a `priority`: earliest due first, at most `atOnce` steps. (A limit of its own
     * for one class would need a concurrency key, and the engine orders nothing across keys.)
     */
    prioritized: (atOnce: number = PRIORITIES[1].atOnce) => ({
      priority: { run: BOOST },
      concurrency: concurrency(atOnce),
    }),
    /** For a function whose work is all background (S4-52): two at once, without a boost. */
    background: () => ({ concurrency: concurrency(PRIORITIES[5].atOnce) }),
  };
};
export type FlowControl = ReturnType<typeof createFlowControl>;

/** The name of `jobCancelRequested` of the ledger, which lib does not know. */
const JOB_CANCEL_EVENT = "job/cancel.requested";

/** Work stops when the job that it is (its id is the event's id) is canceled. */
export const cancelOfThisJob = [{ event: JOB_CANCEL_EVENT, if: "event.id == async.data.jobId" }];

/** Work fanned out stops when its parent is canceled, or the job that a reprocess made of it. */
export const cancelOfParentJob = [
  { event: JOB_CANCEL_EVENT, if: "event.data.parentJobId == async.data.jobId" },
  ...cancelOfThisJob,
];
