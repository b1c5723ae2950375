import type { PlanRepository } from "#campaigns/plan-repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

/** Parts per statement. */
const BATCH = 20;

/** Marks the mails that canceled campaigns left in doubt as `unknown`, so that a person can resolve them. */
export const settleCanceled = (plans: Pick<PlanRepository, "settleCanceled">): Chore => ({
  name: "canceled campaigns",
  async run(deadline) {
    let parts = 0;
    let count: number;
    do {
      count = await plans.settleCanceled(BATCH);
      parts += count;
    } while (count === BATCH && !deadline.isOver());
    return { parts };
  },
});
