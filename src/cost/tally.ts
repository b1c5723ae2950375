import type { CostRepository } from "#cost/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

/** So many ends are counted well within the statement timeout of hosted Supabase, 8 s. */
const BATCH = 5_000;

/**
 * Counts the jobs that have ended since the last count, the oldest first. The room is listed before the ledger, which
 * deletes the oldest jobs first, and only one small batch when the time is over. So jobs are counted before they are
 * deleted.
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
