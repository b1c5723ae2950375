import { z } from "zod";
import { prioritySchema } from "#lib/engine/priorities.ts";

export const JOB_STATUSES = ["queued", "running", "completed", "failed", "canceled", "skipped"] as const;
export const jobStatus = z.enum(JOB_STATUSES);

const time = z.string();

/** A job as the database returns it. */
export const jobRow = z.object({
  id: z.uuid(),
  kind: z.string(),
  function_id: z.string(),
  event_id: z.string(),
  event_name: z.string(),
  event_data: z.json(),
  status: jobStatus,
  requester: z.string(),
  owner: z.string().nullable(),
  parent_job_id: z.uuid().nullable(),
  dead_letter_id: z.uuid().nullable(),
  progress_done: z.number().nullable(),
  progress_total: z.number().nullable(),
  event_count: z.number(),
  result: z.json(),
  error: z.json(),
  priority: prioritySchema,
  created_at: time,
  ready_at: time,
  due_at: time,
  deadline_at: time.nullable(),
  released_at: time.nullable(),
  sent_at: time.nullable(),
  started_at: time.nullable(),
  ended_at: time.nullable(),
  updated_at: time,
});
export type Job = z.output<typeof jobRow>;

const runRow = z.object({
  run_id: z.string(),
  status: z.enum(["running", "completed", "failed", "canceled"]),
  attempts: z.number(),
  error: z.json(),
  started_at: time,
  ended_at: time.nullable(),
});

const eventRow = z.object({ sequence: z.number(), type: z.string(), at: time, data: z.json() });

export const jobDetails = z.object({
  job: jobRow,
  runs: runRow.array(),
  events: eventRow.array(),
  waitingUntil: time.nullable(),
});
export type JobDetails = z.output<typeof jobDetails>;

/** What the ledger tells a run that begins. */
export const startedRun = z.object({
  tracked: z.boolean(),
  jobId: z.string().nullable(),
  canceled: z.boolean(),
  skip: z.boolean(),
});
export type StartedRun = z.output<typeof startedRun>;

/** The newest run of a job without progress for some time. */
export const quietRun = z.object({
  job_id: z.uuid(),
  /** The run has ended, and its job waits for parts that were fanned out. No event says when a part is lost. */
  is_fan_out: z.boolean(),
  run_id: z.string(),
  event_id: z.string(),
  function_id: z.string(),
  event_name: z.string(),
  event_data: z.json(),
  quiet_since: time,
});
export type QuietRun = z.output<typeof quietRun>;
