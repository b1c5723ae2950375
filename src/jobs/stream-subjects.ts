import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import type { ServerEvent } from "#lib/http/event-stream.ts";
import type { Position } from "#lib/http/pages.ts";
import type { JobFilter } from "./repository.ts";
import type { Subject } from "./stream-events.ts";
import type { ChangedJob, JobFacts, TailRepository } from "./tail-repository.ts";
import { toJobDetailsView, toJobView } from "./view.ts";

/**
 * A list of jobs, selected by the filters of `GET /api/jobs`. With `cursor`, only the jobs that come after this
 * position in the list.
 */
export const jobsThatFit = (
  filter: JobFilter,
  live: Pick<TailRepository, "snapshot">,
  cursor?: Position,
): Subject => ({
  resumes: true,
  present: presentJobs,
  place: (job) => (cursor && !isAfter(cursor, job) ? "out" : placeIn(filter, job)),
  async snapshot(follower) {
    const { position, jobs, notifications } = await live.snapshot(follower, filter, cursor);
    return { position, events: [{ event: "snapshot", data: { jobs: jobs.map(toJobView), notifications } }] };
  },
});

/** One job with its runs and its timeline. */
export const oneJob = (id: string, live: Pick<TailRepository, "job">): Subject => ({
  resumes: false,
  present: presentJobs,
  place: (job) => (job.id === id ? "in" : "out"),
  async snapshot({ owner }) {
    const { position, details } = await live.job(id, owner);
    if (!details) throw new AppError("not_found", "Job not found");
    return { position, events: [{ event: "snapshot", data: { jobs: [toJobDetailsView(details)] } }] };
  },
});

async function presentJobs(jobs: readonly ChangedJob[]): Promise<ReadonlyMap<string, ServerEvent>> {
  return new Map(jobs.map((changed) => [changed.job.id, { event: "job", data: toJobDetailsView(changed) }]));
}

/**
 * Whether the job comes after a position of the list, newest first. The texts of the times are compared, because a Date
 * has no microseconds; both texts are from the database.
 */
const isAfter = ({ at, id }: Position, job: JobFacts): boolean =>
  job.created_at < at || (job.created_at === at && job.id < id);

/**
 * Decides, like the filter of the list in SQL, whether a job matches. Of the filtered fields only status, error and
 * subject change. A job that no longer matches leaves the list.
 */
function placeIn(filter: JobFilter, job: JobFacts): "in" | "gone" | "out" {
  const { status, kind, functionId, requester, parentJobId, search, from, to } = filter;
  const createdAt = Date.parse(job.created_at);
  const isTheKind =
    (kind === undefined || job.kind === kind) &&
    (functionId === undefined || job.function_id === functionId) &&
    (requester === undefined || job.requester === requester) &&
    (parentJobId === undefined || job.parent_job_id === parentJobId) &&
    (from === undefined || createdAt >= Date.parse(from)) &&
    (to === undefined || createdAt < Date.parse(to));
  if (!isTheKind) return "out";
  const isStill =
    (status === undefined || job.status === status) && (search === undefined || isFound(search, job));
  return isStill ? "in" : "gone";
}

const errorFields = z.looseObject({ code: z.string().catch(""), message: z.string().catch("") });

/**
 * Matches like the search of `list_jobs`, which looks at the subjects of the newest 1,000 jobs only. A job whose progress
 * changed comes without its subject, so it is always sent: the client ignores the progress of jobs that it does not show.
 */
function isFound(search: string, job: JobFacts): boolean {
  if (job.subject === undefined) return true;
  const { code, message } = errorFields.catch({ code: "", message: "" }).parse(job.error);
  const words = [
    job.id,
    job.event_id,
    job.kind,
    job.function_id,
    job.requester,
    job.owner,
    job.idempotency_key,
    job.subject,
    code,
  ];
  const text = [...words, code === "internal" ? "" : message].join(" ");
  return text.toLowerCase().includes(search.toLowerCase());
}
