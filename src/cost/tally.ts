import type { CostRepository } from "#cost/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

/** Counts the jobs that have ended since the last count, before the ledger deletes them. */
export const tallyUsage = (cost: Pick<CostRepository, "tally">): Chore => ({
  name: "usage",
  run: async () => ({ counted: await cost.tally() }),
});
