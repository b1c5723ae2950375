import type { CostRepository } from "#cost/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

/** So many ends are counted well within the 7 s that a call of the database may take. */
const BATCH = 5_000;

/**
 * Counts the ends of jobs since the last count, the oldest first. Housekeeping runs this task before the ledger's tasks,
 * which delete only jobs that ended more than nine days ago. So jobs are counted before they are deleted.
 */
export const tallyUsage = (cost: Pick<CostRepository, "tally">): Chore => ({
  name: "usage",
  canWait: true,
  async run(deadline) {
    let counted = 0;
    let more: number;
    do {
      more = await cost.tally(BATCH);
      counted += more;
    } while (more === BATCH && !deadline.isOver());
    return { counted };
  },
});
