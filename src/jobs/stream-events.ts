import type { ServerEvent } from "#lib/http/event-stream.ts";
import { toBlockedView } from "./rows.ts";
import type { Batch } from "./tail.ts";
import type { ChangedJob, Follower, JobFacts, MovingJob } from "./tail-repository.ts";
import { publicError, toProgress } from "./view.ts";

export type Start = { position: string; events: ServerEvent[] };

/** The subject that a client follows: a list of jobs, one job, or a queue of image tasks. */
export type Subject = {
  /** The whole state, for a client that has no position, or whose position is too old. */
  snapshot(follower: Follower): Promise<Start>;
  /**
   * Converts changed jobs to messages, by job id. Called once per batch for all clients that follow with the same
   * function.
   */
  present(jobs: readonly ChangedJob[]): Promise<ReadonlyMap<string, ServerEvent>>;
  /** "gone": the job is not in the list now, but may have been before. */
  place(job: JobFacts, event: ServerEvent | undefined): "in" | "gone" | "out";
  /** Whether a client can continue from its position. If not, the whole state is read for each batch of changes. */
  resumes: boolean;
};

type Present = Subject["present"];
const presented = new WeakMap<Batch, Map<Present, ReturnType<Present>>>();

/** The messages of a batch for one client: only jobs that the client may see and that belong to the subject. */
export async function toEvents(batch: Batch, subject: Subject, follower: Follower): Promise<ServerEvent[]> {
  const isTheirs = ({ owner }: JobFacts) => follower.owner === null || owner === follower.owner;
  const events: ServerEvent[] = [];
  const byId = await present(batch, subject.present);
  for (const { job } of batch.jobs) {
    if (!isTheirs(job)) continue;
    const event = byId.get(job.id);
    const place = subject.place(job, event);
    if (place === "gone") events.push({ event: "gone", data: { id: job.id } });
    else if (place === "in" && event) events.push(event);
  }
  for (const job of batch.moved) {
    if (isTheirs(job) && subject.place(job, undefined) === "in") events.push(toProgressEvent(job));
  }
  for (const { owner, view } of batch.notifications) {
    if (owner === follower.reader) events.push({ event: "notification", data: view });
  }
  return events;
}

function present(batch: Batch, how: Present): ReturnType<Present> {
  const known = presented.get(batch) ?? new Map<Present, ReturnType<Present>>();
  presented.set(batch, known);
  const events = known.get(how) ?? how(batch.jobs);
  known.set(how, events);
  return events;
}

const toProgressEvent = (job: MovingJob): ServerEvent => ({
  event: "progress",
  data: {
    id: job.id,
    progress: toProgress(job),
    waitingUntil: job.waiting_until,
    lastError: publicError(job.last_error),
    blocked: toBlockedView(job.blocked),
  },
});
