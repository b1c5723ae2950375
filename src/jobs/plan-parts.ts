import { NonRetriableError } from "inngest";
import type { PartsRepository, Piece, Plan } from "./parts-repository.ts";
import { MAX_STEPS, type Run, type StepTime, startTime } from "./steps.ts";

/** Ends the planning before the plan is complete, and says why. */
type Stopped = { stopped: string };
type PlanOrStopped = Plan & Partial<Stopped>;
/** Cuts the next piece of the work. */
export type Cut = (plan: Plan, time: StepTime) => Promise<Piece | Stopped>;

/** Planning gets less time than other steps, because its last piece may take 30 s: a range of a file from a slow host. */
const PLAN_STEP_MS = 20_000;

/**
 * Plans the job of this run piece by piece, in as many steps as it needs. A repeated step continues where it stopped.
 * When `cut` stops, the plan stays incomplete and has the reason in `stopped`.
 */
export const createPlanner =
  (parts: PartsRepository, stepMs: number) =>
  async ({ step, event, runId }: Run, functionId: string, cut: Cut): Promise<PlanOrStopped> => {
    for (let round = 0; round < MAX_STEPS; round++) {
      const plan = await step.run(`plan-${round}`, async () => {
        const time = startTime(Math.min(stepMs, PLAN_STEP_MS));
        return planPieces(parts, await parts.open(event.id ?? runId, functionId), cut, time);
      });
      if (plan.planned || plan.stopped !== undefined) return plan;
    }
    throw new NonRetriableError(`The plan is not complete after ${MAX_STEPS} steps`);
  };

async function planPieces(
  parts: PartsRepository,
  opened: Plan,
  cut: Cut,
  time: StepTime,
): Promise<PlanOrStopped> {
  let plan = opened;
  while (!plan.planned && !time.isLate()) {
    const piece = await cut(plan, time);
    if ("stopped" in piece) return { ...plan, ...piece };
    plan = await parts.add(plan.jobId, plan.cursor, piece);
  }
  return plan;
}
