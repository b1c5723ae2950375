import { type Chore, type Deadline, eachOf } from "#lib/housekeeping.ts";
import type { MaintenanceRepository } from "./repository.ts";

type Dependencies = { maintenance: Pick<MaintenanceRepository, "due" | "run"> };

const BATCH = 1_000;
/** Every task gets its first batch, even without any time left. */
const NO_DEADLINE: Deadline = { isOver: () => false };

/**
 * Runs the maintenance tasks that are due, one after the other, each batch after batch until nothing is left. Without
 * any time left each task still runs one batch, because deletions of many days must not delay the weekly digest. A
 * batch is one statement, so a task that is slow or fails does not stop the other tasks.
 */
export const runMaintenance = ({ maintenance }: Dependencies): Chore => ({
  name: "maintenance",
  canWait: true,
  async run(deadline) {
    const total: Record<string, number> = {};
    await eachOf(
      await maintenance.due(),
      NO_DEADLINE,
      (task) => task,
      async (task) => {
        let hasMore: boolean;
        do {
          const batch = await maintenance.run(task, BATCH);
          for (const count of Object.values(batch.counts)) total[task] = (total[task] ?? 0) + count;
          ({ hasMore } = batch);
        } while (hasMore && !deadline.isOver());
        return true;
      },
    );
    return total;
  },
});
