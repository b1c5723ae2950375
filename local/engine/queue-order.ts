import { hasEnded, type Job, type RunDocument } from "./documents.ts";

/** Whether the job must still be done: it was not replaced, and its run has not ended. */
export const isCurrent = (run: RunDocument, job: Job): boolean => !hasEnded(run) && run.jobs[job.id] === job;

/**
 * How long a run's jobs are delayed. The server subtracts the priority from the time of each job of the run, and begins
 * no job before its time. So a negative priority delays each call, retry and timer of the run by that many seconds,
 * even on an idle engine.
 */
export const delayMs = ({ priority }: RunDocument, { kind }: Job): number =>
  kind === "start-timeout" || kind === "finish-timeout" ? 0 : Math.max(0, -priority) * 1_000;

/**
 * First attempts are ordered by the age of their run, so that old runs end before new ones. A retry is ordered by its
 * own time.
 */
export const score = (run: RunDocument, job: Job): number =>
  job.attempt === 0 ? run.queuedAt - run.priority * 1_000 : job.at;
