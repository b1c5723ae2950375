import { z } from "zod";
import { jobUrl } from "#jobs/view.ts";
import type { Slot } from "#lib/cron.ts";
import type { Schedule } from "#lib/schedule.ts";
import { clockWarnings, nextSlots } from "./preview.ts";
import type { LastTick, ScheduleRow, TickRow } from "./repository.ts";

const time = z.string();
const slotView = z.object({ at: time, local: z.string() });
const tickView = z.object({
  at: time,
  local: z.string(),
  /** fired: it has a job; merged: another slot's job does its work; skipped: its work is not done. */
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
  /** Null: its work is a maintenance task in the database. */
  functionId: z.string().nullable(),
  /** Null: it is not paused. */
  paused: z.object({ at: time, by: z.string() }).nullable(),
  /** The newest slot, and what became of it. */
  last: tickView.nullable(),
  /** Null: it never fires again. */
  next: slotView.nullable(),
});
z.globalRegistry.add(scheduleView, { id: "Schedule" });

export const scheduleDetails = scheduleView.extend({
  nextTimes: z.array(slotView),
  /** Times that come twice or never when the clocks change in the coming year. */
  warnings: z.array(z.string()),
  ticks: z.array(tickView.extend({ jobStatus: z.string().nullable(), madeAt: time })),
});

/** The largest number of future times and of past slots that an answer shows. */
export const NEXT_TIMES = 20;
export const LAST_TICKS = 50;

type Facts = { schedule: Schedule; row: ScheduleRow; last: LastTick | undefined; now: Date };

export function toScheduleView({ schedule, row, last, now }: Facts): z.output<typeof scheduleView> {
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
    last: last === undefined ? null : toTickView(last),
    next: next === undefined ? null : toSlotView(next),
  };
}

export const toDetails = (facts: Facts, ticks: readonly TickRow[]): z.output<typeof scheduleDetails> => ({
  ...toScheduleView(facts),
  nextTimes: nextSlots(facts.schedule, facts.now, NEXT_TIMES).map(toSlotView),
  warnings: clockWarnings(facts.schedule, facts.now),
  ticks: ticks.map((tick) => ({ ...toTickView(tick), jobStatus: tick.job_status, madeAt: tick.made_at })),
});

const toSlotView = ({ at, local }: Slot) => ({ at: at.toISOString(), local });

const toTickView = (tick: Omit<LastTick, "schedule">): z.output<typeof tickView> => ({
  at: tick.slot_at,
  local: tick.slot,
  fate: tick.fate,
  reason: tick.reason,
  jobUrl: tick.job_id === null ? null : jobUrl(tick.job_id),
  result: tick.result,
});
