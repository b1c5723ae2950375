import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Logger } from "#lib/logger.ts";
import { withTimeout } from "#lib/timeout.ts";
import { jobCancelRequested } from "./events.ts";
import { type Outbox, SEND_TIMEOUT_MS } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";
import type { Job } from "./rows.ts";

type Cancel = ReturnType<typeof createCancel>;
export type CancelJob = Cancel["cancelJob"];
export type TellCanceled = Cancel["tellCanceled"];
export type TellEngine = Cancel["tellEngine"];

type Dependencies = {
  jobs: Pick<JobRepository, "cancel">;
  inngest: InngestClient;
  outbox: Pick<Outbox, "flush">;
  logger: Logger;
};

/** The mark in the ledger is what counts; the engine's event only makes running work stop sooner. */
export function createCancel({ jobs, inngest, outbox, logger }: Dependencies) {
  return { cancelJob, tellCanceled, tellEngine };

  /** Ends a job on somebody's behalf. `owner: null` may end any; with an owner, other people's jobs do not exist. */
  async function cancelJob(jobId: string, owner: string | null, by: string): Promise<Job> {
    const job = await jobs.cancel(jobId, owner, by);
    await tellCanceled([job.id]);
    return job;
  }

  /** After jobs were canceled in the ledger: stops what runs, and sends what their places let begin. */
  async function tellCanceled(jobIds: readonly string[]): Promise<void> {
    if (jobIds.length === 0) return;
    await tellEngine(jobIds);
    await outbox.flush();
  }

  /** Whether the engine heard it. Never throws: what it did not hear `repeatCancels` says again. */
  async function tellEngine(jobIds: readonly string[]): Promise<boolean> {
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
