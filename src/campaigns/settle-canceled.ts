import type { CampaignRepository } from "#campaigns/repository.ts";
import type { Chore } from "#lib/housekeeping.ts";

/** Chunks of one statement: each has a thousand recipients at most. */
const BATCH = 20;

/** What a canceled campaign left in doubt becomes `unknown`, so that a person can settle it. */
export const settleCanceled = (campaigns: Pick<CampaignRepository, "settleCanceled">): Chore => ({
  name: "canceled campaigns",
  async run(deadline) {
    let chunks = 0;
    for (let count = BATCH; count === BATCH && !deadline.isOver(); chunks += count)
      count = await campaigns.settleCanceled(BATCH);
    return { chunks };
  },
});
