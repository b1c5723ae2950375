import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Logger } from "#lib/logger.ts";
import { withTimeout } from "#lib/timeout.ts";
import { jobCancelRequested } from "./events.ts";
import { SEND_TIMEOUT_MS } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";
import type { Job } from "./rows.ts";

type Cancel = ReturnType<typeof createCancel>;
export type CancelJob = Cancel["cancelJob"];
export type TellEngine = Cancel["tellEngine"];

type Dependencies = {
  jobs: Pick<JobRepository, "cancel">;
  inngest: InngestClient;
  logger: Logger;
};

/** The mark in the ledger is what counts; the engine's event only makes running work stop sooner. */
export function createCancel({ jobs, inngest, logger }: Dependencies) {
  return { cancelJob, tellEngine };

  /** Ends a job on somebody's behalf. `owner: null` may end any; with an owner, other people's jobs do not exist. */
  async function cancelJob(jobId: string, owner: string | null, by: string): Promise<Job> {
    const job = await jobs.cancel(jobId, owner, by);
    await tellEngine([job.id]);
    return job;
  }

  /**
   * After jobs were canceled in the ledger: stops what runs. Whether the engine heard it; never throws, what it did not
   * hear `repeatCancels` says again.
   */
  async function tellEngine(jobIds: readonly string[]): Promise<boolean> {
    if (jobIds.length === 0) return true;
    const events = jobIds.map((jobId) => jobCancelRequested.create({ jobId }));
    try {
      await withTimeout(inngest.send(events), SEND_TIMEOUT_MS, "engine_unavailable");
      return true;
    } catch (err) {
      logger.warn({ err, jobIds }, "engine not told of a cancel");
      return false;
    }
  }
}
