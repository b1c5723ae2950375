import type { z } from "zod";

/** Work at regular times. The code declares it. The database stores what happened and what an operator changed. */
export type Schedule = Times & Work;

type Times = {
  name: string;
  summary: string;
  /** A cron pattern of five fields, in the time zone (IANA). */
  cron: string;
  timeZone: string;
  /** Each slot's job is delayed by up to this time. The delay of a slot is always the same. */
  jitterMs?: number;
  /** What happens to a slot when the job of an earlier slot has not ended. */
  overlap: Overlap;
  /** What happens to several slots that are due at once, for instance after downtime. */
  missed: Missed;
  /** Local days without work: `2026-12-24`, or `12-25` for every year. */
  excludedDays?: readonly string[];
};

type Work =
  /** The job of each slot; its event's data is a `Tick`. */
  | { job: { event: { name: string; schema: z.ZodType<Tick> }; functionId: string }; task?: never }
  /** A maintenance task (`private.maintenance_tasks`): it runs in the database and costs no execution. */
  | { task: string; job?: never };

export type Overlap = "skip" | "queue-one" | "allow";
/** "once": only the newest slot runs. "skip": late slots do not run. `most`: the newest `most` slots run. */
export type Missed = "once" | "skip" | { most: number };

export type Tick = { schedule: string; slot: string; dueAt: string };
