import type { CostRepository } from "#cost/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

/** Counts what has ended since, before the ledger deletes it. */
export const tallyUsage = (cost: Pick<CostRepository, "tally">): Chore => ({
  name: "usage",
  run: async () => ({ counted: await cost.tally() }),
});
