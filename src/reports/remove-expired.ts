import type { Chore } from "#lib/housekeeping.ts";
import type { ReportRepository } from "./repository.ts";

const BATCH = 500;

/** Deletes reports that are a week old or revoked. `removeLeftFiles` then removes their files. */
export const removeExpired = (reports: Pick<ReportRepository, "forget">): Chore => ({
  name: "reports",
  canWait: true,
  async run(deadline) {
    let removed = 0;
    for (;;) {
      const count = await reports.forget(BATCH);
      removed += count;
      if (count < BATCH || deadline.isOver()) return { removed };
    }
  },
});
