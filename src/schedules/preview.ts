import { changeBetween, localTime, offsetOf, readCron, type Slot, slotsBetween } from "#lib/cron.ts";
import type { Schedule } from "#lib/schedule.ts";
import { isExcluded } from "./decide.ts";

type Times = Pick<Schedule, "cron" | "timeZone" | "excludedDays">;

const HOUR_MS = 60 * 60_000;
const YEAR_HOURS = 366 * 24;
const FOREVER = new Date("9999-01-01T00:00:00Z");

/** The next times at which a schedule fires. */
export const nextSlots = (times: Times, now: Date, count: number): Slot[] =>
  // More slots than needed are computed, because some may be on excluded days.
  slotsBetween(times, now, FOREVER, 2 * count)
    .filter((slot) => !isExcluded(times, slot))
    .slice(0, count);

/**
 * The warnings about the coming year: for each change of the clocks, which times of this schedule occur twice or never.
 */
export function clockWarnings(times: Times, now: Date): string[] {
  const { cron, timeZone } = times;
  readCron(cron, timeZone);
  const pattern = readCron(cron, "UTC");
  return clockChanges(timeZone, now).flatMap(({ at, before, after }) => {
    const isGap = after > before;
    // Local times as if they were UTC: those that are skipped, or that occur twice.
    const first = at.getTime() + Math.min(before, after);
    const end = at.getTime() + Math.max(before, after);
    const affected = pattern.nextRun(new Date(first - 1));
    if (affected === null || affected.getTime() >= end) return [];
    const clock = (time: number) => new Date(time).toISOString().slice(11, 16);
    const day = new Date(first).toISOString().slice(0, 10);
    const hour = `On ${day} the time from ${clock(first)} to ${clock(end)}`;
    const fires = slotsBetween(times, new Date(at.getTime() - (isGap ? 1 : end - first + 1)), at, 2);
    if (isGap) {
      const instead =
        fires.length > 0 ? `fires at ${localTime(at, timeZone).slice(11, 16)} instead` : "does not fire";
      return [`${hour} does not exist: what is due in it ${instead}.`];
    }
    const again = slotsBetween(
      times,
      new Date(at.getTime() - 1),
      new Date(at.getTime() + end - first - 1),
      1,
    );
    const times2 = again.length > 0 ? "both times" : "the first time only";
    return [`${hour} comes twice: what is due in it fires ${times2}.`];
  });
}

/** The changes of the local clocks in the coming year, to the minute. Offsets are in milliseconds. */
function clockChanges(timeZone: string, now: Date) {
  const offset = (time: number) => offsetOf(new Date(time), timeZone).ms;
  const start = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
  const changes: Array<{ at: Date; before: number; after: number }> = [];
  // A day has at most one change.
  for (let day = start; day < start + YEAR_HOURS * HOUR_MS; day += 24 * HOUR_MS) {
    const [before, after] = [offset(day), offset(day + 24 * HOUR_MS)];
    if (before === after) continue;
    changes.push({ at: changeBetween(day, day + 24 * HOUR_MS, timeZone), before, after });
  }
  return changes;
}
