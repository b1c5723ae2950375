/** What one account of Inngest may run at the same time: steps, over all functions. */
export type Plan = "free" | "pro";
const STEPS_AT_ONCE: Record<Plan, number> = { free: 5, pro: 100 };

export type Concurrency = { limit: number; key?: string };

/** The wanted concurrency, clipped to what the plan really allows (a higher number is refused at sync). */
export const createFlowControl = (plan: Plan) => ({
  concurrency: (limit: number, key?: string): Concurrency => ({
    limit: Math.min(limit, STEPS_AT_ONCE[plan]),
    ...(key === undefined ? {} : { key }),
  }),
});
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
