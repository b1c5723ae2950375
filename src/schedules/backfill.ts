import { request } from "#jobs/request.ts";
import { type Slot, slotsBetween } from "#lib/cron.ts";
import type { Json } from "#lib/database/database.types.ts";
import { AppError } from "#lib/errors.ts";
import type { Schedule } from "#lib/schedule.ts";
import type { BackfilledSlot } from "./repository.ts";

type Period = { cron: string; timeZone: string; from: string; to: string };

/** The most slots of one backfill. */
const MOST_SLOTS = 1_000;
const DAY_MS = 24 * 60 * 60_000;
const MOST_DAYS = 90;
/** The rows of slots are kept a day longer than a backfill needs them, because a step of it may take some time. */
export const KEEP_TICKS_MS = (MOST_DAYS + 1) * DAY_MS;

/** The slots of the period, which includes `from` but not `to`. */
export function slotsOf({ cron, timeZone, from, to }: Period): Slot[] {
  const after = new Date(Date.parse(from) - 1);
  const slots = slotsBetween({ cron, timeZone }, after, new Date(Date.parse(to) - 1), MOST_SLOTS + 1);
  if (slots.length <= MOST_SLOTS) return slots;
  throw new AppError("invalid_request", `The period has more than ${MOST_SLOTS} slots`, {
    hint: "Choose a shorter period, and backfill the rest after it.",
  });
}

/**
 * Refuses future periods, because their slots will run without a backfill, and periods of which the rows may be deleted
 * that say which slots have run.
 */
export function requireRecentPast({ from, to }: { from: string; to: string }, now: Date): void {
  if (Date.parse(from) >= Date.parse(to)) throw new AppError("invalid_request", "to must be later than from");
  if (Date.parse(to) > now.getTime()) throw new AppError("invalid_request", "to must not be in the future");
  if (Date.parse(from) < now.getTime() - MOST_DAYS * DAY_MS) {
    throw new AppError("invalid_request", `from must not be more than ${MOST_DAYS} days ago`, {
      hint: "Choose a later from: which older slots have run is not known any more.",
    });
  }
}

/**
 * The job of a schedule. A maintenance task is refused: the task does the same for every slot, so one run of the task
 * is enough.
 */
export function jobOf(schedule: Schedule): NonNullable<Schedule["job"]> {
  if (schedule.job !== undefined) return schedule.job;
  throw new AppError("conflict", "A maintenance task does not depend on its slot", {
    hint: `Start it once instead: POST /api/schedules/${schedule.name}/run.`,
  });
}

export function toBackfilled(
  { name, job }: { name: string; job: NonNullable<Schedule["job"]> },
  { at, local }: Slot,
): BackfilledSlot {
  const dueAt = at.toISOString();
  const asked = request(
    job.event,
    { schedule: name, slot: local, dueAt },
    {
      requester: { id: `schedule:${name}`, role: "admin", owner: name },
      key: undefined,
      functionId: job.functionId,
    },
  );
  return { at: dueAt, slot: local, request: { ...asked, owner: null } satisfies Json };
}
