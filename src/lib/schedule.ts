import type { z } from "zod";

/** Work at regular times. The declaration is code; what happened and what an operator changed are rows. */
export type Schedule = Times & Work;

type Times = {
  name: string;
  summary: string;
  /** Five fields, in the time zone (IANA). */
  cron: string;
  timeZone: string;
  /** Each slot's job waits up to this long, always equally long for the same slot. */
  jitterMs?: number;
  /** What happens to a slot while the job of an earlier one has not ended. */
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
/** Only the newest slot runs; or late slots do not run; or the newest `most` slots run. */
export type Missed = "once" | "skip" | { most: number };

export type Tick = { schedule: string; slot: string; dueAt: string };
