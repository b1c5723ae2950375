import type { Clock } from "#lib/clock.ts";
import type { Chore } from "#lib/housekeeping.ts";

const DAY_MS = 24 * 60 * 60_000;
const BATCH = 500;

type Retention = {
  name: string;
  keepDays: number;
  clock: Clock;
  /** Deletes rows that are older than `before`, at most `limit` of each table, and returns their number. */
  some: (before: Date, limit: number) => Promise<number>;
};

/**
 * A housekeeping task that deletes rows of a certain age in small batches, so that no statement holds many locks or
 * exceeds the statement timeout. The first batch is deleted even when no time is left.
 */
export const deleteOld = ({ name, keepDays, clock, some }: Retention): Chore => ({
  name,
  canWait: true,
  async run(deadline) {
    const before = new Date(clock.now().getTime() - keepDays * DAY_MS);
    let deleted = 0;
    let gone: number;
    do {
      gone = await some(before, BATCH);
      deleted += gone;
    } while (gone >= BATCH && !deadline.isOver());
    return { deleted };
  },
});
