import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Logger } from "#lib/logger.ts";
import { withTimeout } from "#lib/timeout.ts";
import { jobCancelRequested } from "./events.ts";
import { SEND_TIMEOUT_MS } from "./job-event.ts";
import type { JobRepository } from "./repository.ts";
import type { Job } from "./rows.ts";

export type CanceledJob = Pick<Job, "id" | "event_id" | "function_id">;

type Cancel = ReturnType<typeof createCancel>;
export type CancelJob = Cancel["cancelJob"];
export type TellEngine = Cancel["tellEngine"];

type Dependencies = {
  jobs: Pick<JobRepository, "cancel">;
  inngest: InngestClient;
  logger: Logger;
};

/** The ledger decides that a job is canceled; the event to the engine only stops its runs sooner. */
export function createCancel({ jobs, inngest, logger }: Dependencies) {
  return { cancelJob, tellEngine };

  /** Cancels a job. `owner: null` may cancel any job; any other owner gets `not_found` for jobs of others. */
  async function cancelJob(jobId: string, owner: string | null, by: string): Promise<Job> {
    const job = await jobs.cancel(jobId, owner, by);
    await tellEngine([job]);
    return job;
  }

  /**
   * Tells the engine to stop the runs of jobs that the ledger has canceled. Returns whether the engine received the
   * events. Never throws, because `repeatCancels` sends lost events again.
   */
  async function tellEngine(canceled: readonly CanceledJob[]): Promise<boolean> {
    if (canceled.length === 0) return true;
    const events = canceled.map((job) =>
      jobCancelRequested.create({ jobId: job.id, eventId: job.event_id, functionId: job.function_id }),
    );
    try {
      await withTimeout(inngest.send(events), SEND_TIMEOUT_MS, "engine_unavailable");
      return true;
    } catch (err) {
      logger.warn(
        { err, jobIds: canceled.map(({ id }) => id) },
        "could not tell the engine about canceled jobs",
      );
      return false;
    }
  }
}
