import type { Storage } from "#lib/database/storage.ts";
import type { Chore } from "#lib/housekeeping.ts";
import { REPORTS_BUCKET, reportPath } from "./paths.ts";
import type { ReportRepository } from "./repository.ts";

type Dependencies = {
  reports: Pick<ReportRepository, "expired" | "forget">;
  storage: Pick<Storage, "remove">;
};

const BATCH = 100;

/**
 * Deletes the files of reports that are a week old or revoked, and then their rows. The files come first, because
 * without its row a file could not be found any more.
 */
export const removeExpired = ({ reports, storage }: Dependencies): Chore => ({
  name: "reports",
  async run(deadline) {
    let removed = 0;
    let batch: Awaited<ReturnType<typeof reports.expired>>;
    do {
      batch = await reports.expired(BATCH);
      await storage.remove(REPORTS_BUCKET, batch.map(reportPath));
      await reports.forget(batch.map(({ id }) => id));
      removed += batch.length;
    } while (batch.length === BATCH && !deadline.isOver());
    return { removed };
  },
});
