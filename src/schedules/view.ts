import { z } from "zod";
import { jobUrl } from "#jobs/view.ts";
import type { Slot } from "#lib/cron.ts";
import type { Schedule } from "#lib/schedule.ts";
import { effective } from "./effective.ts";
import { clockWarnings, nextSlots } from "./preview.ts";
import type { LastTick, ScheduleRow, TickRow } from "./repository.ts";

const time = z.string();
export const slotView = z.object({ at: time, local: z.string() });
const tickView = z.object({
  at: time,
  local: z.string(),
  /** fired: the slot has a job; merged: the job of another slot does its work; skipped: its work is not done. */
  fate: z.enum(["fired", "merged", "skipped"]),
  reason: z.string().nullable(),
  jobUrl: z.string().nullable(),
  /** What a maintenance task did. */
  result: z.json(),
});

export const scheduleView = z.object({
  name: z.string(),
  summary: z.string(),
  cron: z.string(),
  timeZone: z.string(),
  overlap: z.enum(["skip", "queue-one", "allow"]),
  missed: z.union([z.enum(["once", "skip"]), z.object({ most: z.number() })]),
  excludedDays: z.array(z.string()),
  jitterMs: z.number(),
  /** Null when the schedule's work is a maintenance task in the database. */
  functionId: z.string().nullable(),
  /** Null when the schedule is not paused. */
  paused: z.object({ at: time, by: z.string() }).nullable(),
  /** The change of an operator who has set other times; null when the declared times apply. */
  changed: z
    .object({ at: time, by: z.string(), declaredCron: z.string(), declaredTimeZone: z.string() })
    .nullable(),
  /** The newest slot, and whether its work was done. */
  last: tickView.nullable(),
  /** Null when the schedule never fires again. */
  next: slotView.nullable(),
});
z.globalRegistry.add(scheduleView, { id: "Schedule" });

export const preview = z.object({
  nextTimes: z.array(slotView),
  /** Times that occur twice or never when the clocks change in the coming year. */
  warnings: z.array(z.string()),
});

export const scheduleDetails = scheduleView.extend({
  ...preview.shape,
  ticks: z.array(tickView.extend({ jobStatus: z.string().nullable(), madeAt: time })),
});

/** The largest numbers of future times and of past slots in an answer. */
export const NEXT_TIMES = 20;
export const LAST_TICKS = 50;

/** `schedule` is the declaration. */
type Facts = { schedule: Schedule; row: ScheduleRow; last: LastTick | undefined; now: Date };

export function toScheduleView({ schedule: declared, row, last, now }: Facts): z.output<typeof scheduleView> {
  const schedule = effective(declared, row);
  const { name, summary, cron, timeZone, overlap, missed, excludedDays = [], jitterMs = 0, job } = schedule;
  const [next] = nextSlots(schedule, now, 1);
  return {
    name,
    summary,
    cron,
    timeZone,
    overlap,
    missed,
    excludedDays: [...excludedDays],
    jitterMs,
    functionId: job?.functionId ?? null,
    paused:
      row.paused_at === null || row.paused_by === null ? null : { at: row.paused_at, by: row.paused_by },
    changed:
      row.changed_at === null || row.changed_by === null
        ? null
        : {
            at: row.changed_at,
            by: row.changed_by,
            declaredCron: declared.cron,
            declaredTimeZone: declared.timeZone,
          },
    last: last === undefined ? null : toTickView(last),
    next: next === undefined ? null : toSlotView(next),
  };
}

export const toDetails = (facts: Facts, ticks: readonly TickRow[]): z.output<typeof scheduleDetails> => ({
  ...toScheduleView(facts),
  ...toPreview(effective(facts.schedule, facts.row), facts.now),
  ticks: ticks.map((tick) => ({ ...toTickView(tick), jobStatus: tick.job_status, madeAt: tick.made_at })),
});

/** What an operator should see before saving new times of a schedule. */
export const toPreview = (times: Parameters<typeof nextSlots>[0], now: Date): z.output<typeof preview> => ({
  nextTimes: nextSlots(times, now, NEXT_TIMES).map(toSlotView),
  warnings: clockWarnings(times, now),
});

export const toSlotView = ({ at, local }: Slot) => ({ at: at.toISOString(), local });

const toTickView = (tick: Omit<LastTick, "schedule">): z.output<typeof tickView> => ({
  at: tick.slot_at,
  local: tick.slot,
  fate: tick.fate,
  reason: tick.reason,
  jobUrl: tick.job_id === null ? null : jobUrl(tick.job_id),
  result: tick.result,
});
