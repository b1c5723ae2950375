import { request } from "#jobs/request.ts";
import type { Clock } from "#lib/clock.ts";
import { type Slot, slotsBetween } from "#lib/cron.ts";
import type { Json } from "#lib/database/database.types.ts";
import type { Deadline } from "#lib/housekeeping.ts";
import type { Schedule } from "#lib/schedule.ts";
import { decide, jitterOf } from "./decide.ts";
import type { NewTick, ScheduleRepository, ScheduleRow } from "./repository.ts";

type Dependencies = { schedules: Pick<ScheduleRepository, "tick">; clock: Clock };

/** The most slots that one statement writes: those of 17 days for a schedule of every five minutes. */
const BATCH = 5_000;
/**
 * A full batch leaves this many of its newest slots to the next batch. `missed` may let only the newest slots run, and
 * without these slots the next batch could have too few.
 */
const KEPT_BACK = 1_000;

/**
 * Writes every slot of a schedule that is due, and accepts the jobs of the slots that fire, in one transaction. Safe to
 * repeat and to run in two processes at once. The first batch of slots is written even when no time is left. Returns how
 * many slots were fired, merged and skipped.
 */
export async function bringUpToDate(
  { schedules, clock }: Dependencies,
  schedule: Schedule,
  row: ScheduleRow,
  deadline: Deadline,
): Promise<{ fired: number; merged: number; skipped: number }> {
  const now = clock.now();
  const total = { fired: 0, merged: 0, skipped: 0 };
  let at = row;
  let hasMore: boolean;
  do {
    const found = slotsBetween(
      { cron: at.cron, timeZone: at.time_zone },
      new Date(at.checked_until),
      now,
      BATCH,
    );
    hasMore = found.length === BATCH;
    const slots = hasMore ? found.slice(0, -KEPT_BACK) : found;
    const isNew = at.cron !== schedule.cron || at.time_zone !== schedule.timeZone;
    if (slots.length === 0 && !isNew) break;
    const until = hasMore ? (slots.at(-1)?.at ?? now) : now;
    const decided = decide(schedule, slots, { now, pausedBy: at.paused_by, hasMore });
    const ticks = decided.map(
      ({ slot, fate, reason }): NewTick => ({
        at: slot.at.toISOString(),
        slot: slot.local,
        fate,
        reason,
        ...(fate === "fired" ? workOf(schedule, slot) : {}),
      }),
    );
    const next = hasMore ? { ...schedule, cron: at.cron, timeZone: at.time_zone } : schedule;
    const counts = await schedules.tick(at, until, next, ticks);
    for (const name of ["fired", "merged", "skipped"] as const) total[name] += counts[name] ?? 0;
    at = { ...at, checked_until: until.toISOString() };
  } while (hasMore && !deadline.isOver());
  return total;
}

const workOf = (schedule: Schedule, slot: Slot): Pick<NewTick, "task" | "request"> =>
  schedule.job === undefined ? { task: schedule.task } : { request: requestOf(schedule, schedule.job, slot) };

const requestOf = (schedule: Schedule, job: NonNullable<Schedule["job"]>, slot: Slot): Json => ({
  ...request(
    job.event,
    { schedule: schedule.name, slot: slot.local, dueAt: slot.at.toISOString() },
    {
      requester: requesterOf(schedule),
      key: undefined,
      functionId: job.functionId,
      delayMs: jitterOf(schedule, slot),
    },
  ),
  owner: null,
});

const requesterOf = ({ name }: Schedule) => ({ id: `schedule:${name}`, role: "admin", owner: name }) as const;
