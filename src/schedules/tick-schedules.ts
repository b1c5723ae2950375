import type { Clock } from "#lib/clock.ts";
import { type Chore, eachOf } from "#lib/housekeeping.ts";
import type { Schedule } from "#lib/schedule.ts";
import { KEEP_TICKS_MS } from "./backfill.ts";
import { effective } from "./effective.ts";
import type { ScheduleRepository } from "./repository.ts";
import { bringUpToDate } from "./tick.ts";

type Dependencies = { declared: readonly Schedule[]; schedules: ScheduleRepository; clock: Clock };

const PURGE_BATCH = 5_000;
/** Every schedule gets its first batch of slots in every run, however late it is; otherwise the last would never fire. */
const WITHOUT_LIMIT = { isOver: () => false };

/** Fires every schedule that is due. Only the jobs of the fired slots cost executions. */
export const tickSchedules = ({ declared, schedules, clock }: Dependencies): Chore => ({
  name: "schedules",
  async run(deadline) {
    const total = { fired: 0, merged: 0, skipped: 0 };
    const released = await schedules.release();
    const rows = new Map((await schedules.open(declared)).map((row) => [row.name, row]));
    await eachOf(
      declared,
      WITHOUT_LIMIT,
      ({ name }) => name,
      async (schedule) => {
        const row = rows.get(schedule.name);
        if (row === undefined) return false;
        const counts = await bringUpToDate({ schedules, clock }, effective(schedule, row), row, deadline);
        for (const fate of ["fired", "merged", "skipped"] as const) total[fate] += counts[fate];
        return counts.fired > 0;
      },
    );
    await schedules.purge(new Date(clock.now().getTime() - KEEP_TICKS_MS), PURGE_BATCH);
    return { ...total, released };
  },
});
