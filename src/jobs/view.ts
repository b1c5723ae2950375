import { z } from "zod";
import type { Json } from "#lib/database/database.types.ts";
import { prioritySchema } from "#lib/engine/priorities.ts";
import { UNFORESEEN } from "#lib/http/problem.ts";
import { blockedView, type Job, type JobDetails, jobStatus, toBlockedView } from "./rows.ts";

/** A job as the API shows it. */
export const jobView = z.object({
  id: z.uuid(),
  kind: z.string(),
  function: z.string(),
  event: z.string(),
  /** What the job is about, such as a campaign's name: at most 200 characters. Null when its kind names none. */
  subject: z.string().nullable(),
  status: jobStatus,
  /** The status under the name that the source documents use. */
  state: jobStatus,
  /** Grows with every change of state: of two views of a job, the one with the higher revision is newer. */
  revision: z.number(),
  requester: z.string(),
  owner: z.string().nullable(),
  progress: z.object({ done: z.number(), total: z.number(), percent: z.number() }).nullable(),
  result: z.unknown(),
  error: z.unknown(),
  priority: prioritySchema,
  createdAt: z.string(),
  /** The job's class promises that the job begins by this time. */
  dueAt: z.string(),
  /** After this time the work is not wanted any more, and is skipped. */
  deadlineAt: z.string().nullable(),
  sentAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  updatedAt: z.string(),
  /** Whether the job waits because its function is paused. */
  isPaused: z.boolean(),
  /** Why an unfinished job cannot continue until a person acts. */
  blocked: blockedView.nullable(),
  links: z.object({
    self: z.string(),
    parent: z.string().nullable(),
    children: z.string(),
    deadLetters: z.string(),
    reprocessOf: z.string().nullable(),
    /** The ended job whose work this job does again. */
    againOf: z.string().nullable(),
  }),
});
z.globalRegistry.add(jobView, { id: "Job" });

export const jobDetailsView = jobView.extend({
  /** All of the job's work is paused until this time, because a provider asked for it; null while any part runs. */
  waitingUntil: z.string().nullable(),
  /** {code, message} of the last failed try of a part that is tried again. */
  lastError: z.unknown(),
  /** The number of jobs that name this job as their parent, counted up to 1,000. */
  childCount: z.number(),
  runs: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      attempts: z.number(),
      error: z.unknown(),
      startedAt: z.string(),
      endedAt: z.string().nullable(),
    }),
  ),
  timeline: z.array(z.object({ sequence: z.number(), type: z.string(), at: z.string(), data: z.unknown() })),
});
z.globalRegistry.add(jobDetailsView, { id: "JobDetails" });

/** The answer of every route that accepts work. */
export const acceptedView = z.object({ message: z.string(), jobId: z.uuid(), statusUrl: z.string() });
z.globalRegistry.add(acceptedView, { id: "Accepted" });

export const jobUrl = (id: string): string => `/api/jobs/${id}`;

export const accepted = (message: string, jobId: string): z.output<typeof acceptedView> => ({
  message,
  jobId,
  statusUrl: jobUrl(jobId),
});

const internalError = z.looseObject({ code: z.literal("internal") });

/** The message of an `internal` error may quote Postgres, so only administrators see it, in the dead letter. */
export function publicError(error: Json): unknown {
  const { data } = internalError.safeParse(error);
  return data === undefined ? error : { ...data, message: UNFORESEEN };
}

/** The value of `released_at` while the job's function is paused. */
const KEPT_BACK = "infinity";

export const toJobView = (job: Omit<Job, "event_data">): z.output<typeof jobView> => ({
  id: job.id,
  kind: job.kind,
  function: job.function_id,
  event: job.event_name,
  subject: job.subject,
  status: job.status,
  state: job.status,
  revision: job.event_count,
  requester: job.requester,
  owner: job.owner,
  progress: toProgress(job),
  result: job.result,
  error: publicError(job.error),
  priority: job.priority,
  createdAt: job.created_at,
  dueAt: job.due_at,
  deadlineAt: job.deadline_at,
  sentAt: job.sent_at,
  startedAt: job.started_at,
  endedAt: job.ended_at,
  updatedAt: job.updated_at,
  isPaused: job.status === "queued" && job.sent_at === null && job.released_at === KEPT_BACK,
  blocked: toBlockedView(job.blocked),
  links: {
    self: jobUrl(job.id),
    parent: job.parent_job_id && jobUrl(job.parent_job_id),
    children: `/api/jobs?parent=${job.id}`,
    deadLetters: `/api/dead-letters?job=${job.id}`,
    reprocessOf: job.dead_letter_id && `/api/dead-letters/${job.dead_letter_id}`,
    againOf: job.again_of && jobUrl(job.again_of),
  },
});

type Details = Omit<JobDetails, "job"> & { job: Omit<Job, "event_data"> };

export const toJobDetailsView = ({
  job,
  runs,
  events,
  waitingUntil,
  lastError,
  childCount,
}: Details): z.output<typeof jobDetailsView> => ({
  ...toJobView(job),
  waitingUntil,
  lastError: publicError(lastError),
  childCount,
  runs: runs.map((run) => ({
    id: run.run_id,
    status: run.status,
    attempts: run.attempts,
    error: publicError(run.error),
    startedAt: run.started_at,
    endedAt: run.ended_at,
  })),
  timeline: events.map((event) => ({ ...event, data: publicError(event.data) })),
});

type Progressing = Pick<Job, "status" | "progress_done" | "progress_total">;

/** The percentage of a job without work is 100 when the job is completed, and 0 in every other status. */
export function toProgress({ status, progress_done: done, progress_total: total }: Progressing) {
  if (total === null) return null;
  const percent = total === 0 ? (status === "completed" ? 100 : 0) : Math.floor(((done ?? 0) / total) * 100);
  return { done: done ?? 0, total, percent };
}
