import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
import type { Schedule } from "#lib/schedule.ts";

export type ScheduleRepository = ReturnType<typeof scheduleRepository>;

const time = z.string();
const scheduleRow = z.object({
  name: z.string(),
  cron: z.string(),
  time_zone: z.string(),
  checked_until: time,
  paused_at: time.nullable(),
  paused_by: z.string().nullable(),
  operator_cron: z.string().nullable(),
  operator_time_zone: z.string().nullable(),
  changed_at: time.nullable(),
  changed_by: z.string().nullable(),
});
export type ScheduleRow = z.output<typeof scheduleRow>;

const fate = z.enum(["fired", "merged", "skipped"]);
const lastTick = z.object({
  schedule: z.string(),
  slot_at: time,
  slot: z.string(),
  fate,
  reason: z.string().nullable(),
  job_id: z.uuid().nullable(),
  result: z.json(),
});
export type LastTick = z.output<typeof lastTick>;
const tickRow = lastTick
  .omit({ schedule: true })
  .extend({ job_status: z.string().nullable(), made_at: time });
export type TickRow = z.output<typeof tickRow>;
const fateCounts = z.partialRecord(fate, z.number());

/** A slot, and what is done with it. */
export type NewTick = {
  at: string;
  slot: string;
  fate: string;
  reason: string | null;
  request?: Json;
  task?: string;
};

/** A slot of a backfill, and the request of the slot's job. */
export type BackfilledSlot = { at: string; slot: string; request: Json };
type Backfilled = { from: number; next: number; schedule: string; reason: string; slots: BackfilledSlot[] };

export function scheduleRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /**
     * Returns the rows of these schedules. A schedule without a row gets one, and its slots before now are never due.
     */
    open: (schedules: readonly Schedule[]) =>
      call(
        "open_schedules",
        { declared: schedules.map(({ name, cron, timeZone }) => ({ name, cron, timeZone })) },
        scheduleRow.array(),
      ),

    /** Writes these slots and accepts their jobs, unless another caller has done so since `row` was read. */
    tick: ({ name, checked_until: from }: ScheduleRow, until: Date, schedule: Schedule, ticks: NewTick[]) =>
      call(
        "tick_schedule",
        {
          schedule: name,
          from,
          until: until.toISOString(),
          cron: schedule.cron,
          timeZone: schedule.timeZone,
          overlap: schedule.overlap,
          ticks,
        },
        fateCounts,
      ),

    release: () => call("release_ticks", {}, z.number()),

    run: (schedule: string, slot: string, by: string, request: JobRequest) =>
      call("run_schedule", { schedule, slot, by, request }, jobRow),

    runTask: (schedule: string, slot: string, by: string, task: string) =>
      call("run_task", { schedule, slot, by, task }),

    /** `by` null resumes the schedule. */
    pause: (schedule: string, by: string | null) => call("pause_schedule", { schedule, by: by ?? undefined }),

    /** `times` null: the declared times are used again. */
    changeTimes: (schedule: string, by: string, times: { cron: string; timeZone: string } | null) =>
      call("change_schedule_times", { schedule, by, cron: times?.cron, timeZone: times?.timeZone }),

    countFired: (schedule: string, slots: readonly Date[]) =>
      callTimeless("count_fired_slots", { schedule, slots: slots.map((at) => at.toISOString()) }, z.number()),

    /** Accepts jobs for these slots of a backfill. The caller's run must have claimed the backfill's part. */
    backfill: ({ id: partId, token }: { id: number; token: string }, backfilled: Backfilled) =>
      call("backfill_slots", { partId, token, ...backfilled }, z.enum(["open", "done", "lost"])),

    ticks: (schedule: string, limit: number) =>
      callTimeless("list_ticks", { schedule, limit }, tickRow.array()),

    lastTicks: (schedules: readonly Schedule[]) =>
      callTimeless("last_ticks", { schedules: schedules.map(({ name }) => name) }, lastTick.array()),

    purge: (before: Date, limit: number) =>
      callTimeless("purge_ticks", { before: before.toISOString(), limit }, z.number()),
  };
}
