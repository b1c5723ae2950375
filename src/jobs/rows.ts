import { z } from "zod";
import { prioritySchema } from "#lib/engine/priorities.ts";
import { isErrorCode, meaningOf } from "#lib/errors.ts";
import { UNFORESEEN } from "#lib/http/problem.ts";

export const JOB_STATUSES = ["queued", "running", "completed", "failed", "canceled", "skipped"] as const;
export const jobStatus = z.enum(JOB_STATUSES);

const time = z.string();

/** Fields of the job's newest open dead letter. `parts`: how many of the job's parts are dead letters. */
export const blockedRow = z.object({
  code: z.string().nullable(),
  message: z.string().nullable(),
  since: time,
  deadLetterId: z.uuid(),
  parts: z.number(),
});

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
  idempotency_key: z.string().nullable(),
  parent_job_id: z.uuid().nullable(),
  dead_letter_id: z.uuid().nullable(),
  again_of: z.uuid().nullable(),
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
  /** Null when nothing blocks the job. Also null in the answer to a change of the job. */
  blocked: blockedRow.nullable().default(null),
  /** What the job is about (`work_kinds.subjects`). Null in the answer to a change of the job. */
  subject: z.string().nullable().default(null),
});
export type Job = z.output<typeof jobRow>;

/**
 * The fields of a job that the outbox needs. The job's id becomes the event's id, so that the engine starts the job
 * only once.
 */
export const sendableJob = jobRow.pick({ id: true, event_name: true, event_data: true, released_at: true });
export type SendableJob = z.output<typeof sendableJob>;

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
  lastError: z.json(),
  childCount: z.number(),
});
export type JobDetails = z.output<typeof jobDetails>;

const names = z.string().array();
/** `total` is null for a search, because no index can count its matches. */
export const jobSummary = z.object({
  total: z.number().nullable(),
  kinds: names,
  functions: names,
  requesters: names,
});

/** The ledger's answer when a run begins. */
export const startedRun = z.object({
  tracked: z.boolean(),
  jobId: z.string().nullable(),
  canceled: z.boolean(),
  skip: z.boolean(),
});
export type StartedRun = z.output<typeof startedRun>;

/** The ledger's answer to the end of a run: the status of its job, and how long the run took. */
export const finishedRun = z.object({ status: z.enum(JOB_STATUSES), durationMs: z.number() });
export type FinishedRun = z.output<typeof finishedRun>;

/** The newest run of a job that has made no progress for some time. */
export const quietRun = z.object({
  job_id: z.uuid(),
  /** Whether the run has ended and its job waits for parts that were fanned out. No event tells when a part is lost. */
  is_fan_out: z.boolean(),
  run_id: z.string(),
  event_id: z.string(),
  function_id: z.string(),
  event_name: z.string(),
  event_data: z.json(),
  quiet_since: time,
});
export type QuietRun = z.output<typeof quietRun>;

/** Why work cannot continue until a person acts. */
export const blockedView = z.object({
  /** The error of the newest dead letter that waits for a person. */
  code: z.string().nullable(),
  message: z.string().nullable(),
  /** The action that ends the block. */
  hint: z.string(),
  since: z.string(),
  /** How many of the job's parts wait for a person. */
  parts: z.number(),
  deadLetter: z.string(),
});
z.globalRegistry.add(blockedView, { id: "Blocked" });

export function toBlockedView(row: z.output<typeof blockedRow> | null): z.output<typeof blockedView> | null {
  if (row === null) return null;
  const { code, message, since, parts, deadLetterId } = row;
  return {
    code,
    message: code === "internal" ? UNFORESEEN : message,
    hint: hintFor(code),
    since,
    parts,
    deadLetter: `/api/dead-letters/${deadLetterId}`,
  };
}

/** The general hint of an error code may say that the work is retried, which is wrong after the last attempt. */
function hintFor(code: string | null): string {
  const rest = "or ignore the dead letter: then the rest ends without it.";
  if (code === null || !isErrorCode(code)) return `Correct its cause, then reprocess, ${rest}`;
  const { retry, hint } = meaningOf(code);
  if (retry === "stop") return `${hint} Otherwise ignore the dead letter: then the rest ends without it.`;
  return `It was tried as often as its policy allows. Reprocess when the trouble is over, ${rest}`;
}
