import { AppError } from "#lib/errors.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { MaintenanceRepository } from "./repository.ts";

type Dependencies = { maintenance: Pick<MaintenanceRepository, "run"> };

const BATCH = 1_000;

/**
 * Runs the maintenance tasks, batch after batch until nothing is left. The first batch runs even without any time left,
 * because deletions of many days must not delay the weekly digest.
 */
export const runMaintenance = ({ maintenance }: Dependencies): Chore => ({
  name: "maintenance",
  canWait: true,
  async run(deadline) {
    const total: Record<string, number> = {};
    const errors: Record<string, string> = {};
    let left: number;
    do {
      const batch = await maintenance.run(BATCH);
      for (const [task, counts] of Object.entries(batch.counts)) {
        for (const count of Object.values(counts)) total[task] = (total[task] ?? 0) + count;
      }
      Object.assign(errors, batch.errors);
      left = batch.left;
    } while (left > 0 && !deadline.isOver());
    const [failed] = Object.entries(errors);
    if (failed !== undefined) {
      throw new AppError("internal", `${Object.keys(errors).length} tasks failed (${failed.join(": ")})`);
    }
    return total;
  },
});
