import type { Clock } from "#lib/clock.ts";
import { type Chore, eachOf } from "#lib/housekeeping.ts";
import type { JobRepository } from "./repository.ts";

type Dependencies = { jobs: Pick<JobRepository, "purge" | "trim">; clock: Clock };

const DAY_MS = 24 * 60 * 60_000;
const KEEP_COMPLETED_DAYS = 30;
const KEEP_FAILED_DAYS = 90;
const BATCH = 500;

/** Deletes old rows in small batches, so that no statement holds many locks or exceeds the statement timeout. */
export const purge = ({ jobs, clock }: Dependencies): Chore => ({
  name: "purge",
  canWait: true,
  async run(deadline) {
    const before = (days: number) => new Date(clock.now().getTime() - days * DAY_MS);
    const purges = [
      { name: "old", some: () => jobs.purge(before(KEEP_COMPLETED_DAYS), before(KEEP_FAILED_DAYS), BATCH) },
      { name: "too many", some: () => jobs.trim(before(1), BATCH) },
    ];
    let deleted = 0;
    await eachOf(
      purges,
      deadline,
      ({ name }) => name,
      async ({ some }) => {
        let gone: number;
        do {
          gone = await some();
          deleted += gone;
        } while (gone >= BATCH && !deadline.isOver());
        return gone > 0;
      },
    );
    return { deleted };
  },
});
