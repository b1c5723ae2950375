import type { InngestClient } from "#lib/inngest.ts";
import type { Logger } from "#lib/logger.ts";
import { jobCancelRequested } from "./events.ts";
import type { Outbox } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";
import type { Job } from "./rows.ts";

type Cancel = ReturnType<typeof createCancel>;
export type CancelJob = Cancel["cancelJob"];
export type TellCanceled = Cancel["tellCanceled"];

type Dependencies = {
  jobs: Pick<JobRepository, "cancel">;
  inngest: InngestClient;
  outbox: Pick<Outbox, "flush">;
  logger: Logger;
};

/** The mark in the ledger is what counts; the engine's event only makes running work stop sooner. */
export function createCancel({ jobs, inngest, outbox, logger }: Dependencies) {
  return { cancelJob, tellCanceled };

  /** Ends a job on somebody's behalf. `owner: null` may end any; with an owner, other people's jobs do not exist. */
  async function cancelJob(jobId: string, owner: string | null, by: string): Promise<Job> {
    const job = await jobs.cancel(jobId, owner, by);
    await tellCanceled([job.id]);
    return job;
  }

  /** After jobs were canceled in the ledger: stops what runs, and sends what their places let begin. */
  async function tellCanceled(jobIds: readonly string[]): Promise<void> {
    if (jobIds.length === 0) return;
    await inngest
      .send(jobIds.map((jobId) => jobCancelRequested.create({ jobId })))
      .catch((err: unknown) => logger.warn({ err, jobIds }, "engine not told of a cancel"));
    await outbox.flush();
  }
}
