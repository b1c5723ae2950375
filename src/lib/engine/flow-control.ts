import { ALL_PRIORITIES, boostOf, DEFAULT_PRIORITY, PRIORITIES } from "#lib/engine/priorities.ts";

/** How many steps one Inngest account may run at once, over all its functions. */
export type Plan = "free" | "pro";
const STEPS_AT_ONCE: Record<Plan, number> = { free: 5, pro: 100 };

export type Concurrency = { limit: number; key?: string };

/**
 * A CEL expression that gives the seconds of `boostOf` for the class in the event's data. An event without a class is
 * normal work. The seconds are written as integers, because Inngest ignores a double, and the numbers in an event's
 * data are doubles.
 */
const BOOST = ALL_PRIORITIES.filter((priority) => priority !== DEFAULT_PRIORITY).reduceRight(
  (otherwise, priority) => `event.data.priority == ${priority} ? ${boostOf(priority)} : ${otherwise}`,
  String(boostOf(DEFAULT_PRIORITY)),
);

/** How many of the account's steps the work of one owner may use, so that the work of others can run. */
const STEPS_OF_ONE: Record<Plan, number> = { free: 3, pro: 20 };

/**
 * Flow control. Concurrency is reduced to what the plan allows, because Inngest refuses a higher number when the app
 * registers.
 */
export const createFlowControl = (plan: Plan) => {
  const concurrency = (limit: number, key?: string): Concurrency => ({
    limit: Math.min(limit, STEPS_AT_ONCE[plan]),
    ...(key === undefined ? {} : { key }),
  });
  return {
    concurrency,
    /** For fan-out: limits the parts of each owner, named by `key`, so that the parts of other owners can run. */
    shareOf: (key: string) => concurrency(STEPS_OF_ONE[plan], key),
    /**
     * For a function whose events have a `priority`: at most `atOnce` steps run at once, and the earliest due ones run
     * first. One class cannot have its own limit, because that would need a concurrency key, and Inngest keeps no order
     * across keys.
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

/** The name of the ledger's event `jobCancelRequested`. It is repeated here, because lib must not import the ledger. */
const JOB_CANCEL_EVENT = "job/cancel.requested";

/**
 * Cancels a run of this function when its job is canceled. The id of the run's event is not enough to find the job,
 * because each function of an event has its own job.
 */
export const cancelOfThisJob = (functionId: string) => [
  {
    event: JOB_CANCEL_EVENT,
    if: `event.id == async.data.eventId && async.data.functionId == "${functionId}"`,
  },
];

/** Cancels a run of fanned-out work when its parent job, or the job that reprocesses it, is canceled. */
export const cancelOfParentJob = (functionId: string) => [
  { event: JOB_CANCEL_EVENT, if: "event.data.parentJobId == async.data.jobId" },
  ...cancelOfThisJob(functionId),
];
