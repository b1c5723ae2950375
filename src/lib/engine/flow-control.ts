import { ALL_PRIORITIES, boostOf, DEFAULT_PRIORITY, PRIORITIES } from "#lib/engine/priorities.ts";

/** How many steps one Inngest account may run at once, over all its functions. */
export type Plan = "free" | "pro";
const STEPS_AT_ONCE: Record<Plan, number> = { free: 5, pro: 100 };

export type Concurrency = { limit: number; key?: string };

/**
 * A CEL expression that gives the seconds of `boostOf` for the class in the event's data; an event without a class is
 * normal work. The seconds are written as integers, because Inngest ignores a double, and numbers of an event's data
 * are doubles.
 */
const BOOST = ALL_PRIORITIES.filter((priority) => priority !== DEFAULT_PRIORITY).reduceRight(
  (otherwise, priority) => `event.data.priority == ${priority} ? ${boostOf(priority)} : ${otherwise}`,
  String(boostOf(DEFAULT_PRIORITY)),
);

/** How many of these steps the work of one owner may use, so that the work of others can run. */
const STEPS_OF_ONE: Record<Plan, number> = { free: 3, pro: 20 };

/** Flow control with concurrency clipped to what the plan allows: Inngest refuses a higher number at sync. */
export const createFlowControl = (plan: Plan) => {
  const concurrency = (limit: number, key?: string): Concurrency => ({
    limit: Math.min(limit, STEPS_AT_ONCE[plan]),
    ...(key === undefined ? {} : { key }),
  });
  return {
    concurrency,
    /** For fan-out: all parts of one owner, named by `key`, leave room for those of other owners. */
    shareOf: (key: string) => concurrency(STEPS_OF_ONE[plan], key),
    /**
     * For a function whose events carry a `priority`: runs the earliest due first, at most `atOnce` steps at once. A
     * separate limit for one class would need a concurrency key, and Inngest keeps no order across keys.
     */
    prioritized: (atOnce: number = PRIORITIES[1].atOnce) => ({
      priority: { run: BOOST },
      concurrency: concurrency(atOnce),
    }),
    /** For a function that does only background work (S4-52): two steps at once, and no boost. */
    background: () => ({ concurrency: concurrency(PRIORITIES[5].atOnce) }),
  };
};
export type FlowControl = ReturnType<typeof createFlowControl>;

/** The name of the ledger's event `jobCancelRequested`; lib must not import the ledger. */
const JOB_CANCEL_EVENT = "job/cancel.requested";

/** Cancels a run when its job is canceled. The job's id is the id of the run's event. */
export const cancelOfThisJob = [{ event: JOB_CANCEL_EVENT, if: "event.id == async.data.jobId" }];

/** Cancels a run of fanned-out work when its parent job is canceled, or the job that reprocesses it. */
export const cancelOfParentJob = [
  { event: JOB_CANCEL_EVENT, if: "event.data.parentJobId == async.data.jobId" },
  ...cancelOfThisJob,
];
