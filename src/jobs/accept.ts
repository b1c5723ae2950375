import type { Outbox } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";
import type { JobRequest } from "./request.ts";
import type { Job, SendableJob } from "./rows.ts";

type Dependencies = { jobs: Pick<JobRepository, "accept">; outbox: Pick<Outbox, "send"> };

type AcceptedJob = SendableJob & { sent_at: string | null };

/** The ledger's statements, with the function that accepts work. */
export type Jobs = JobRepository & { accept: Accept };
export type Accept = ReturnType<typeof createAccept>;

/**
 * Accepts work: stores the job in one transaction, then sends its event to the engine. While the engine cannot be
 * reached, the job stays in the outbox, and housekeeping sends it. A room with its own tables passes a statement that
 * writes its rows and calls `private.accept_job` in one transaction.
 */
export function createAccept({ jobs, outbox }: Dependencies) {
  return accept;

  async function accept(request: JobRequest): Promise<Job>;
  async function accept<Accepted extends AcceptedJob>(
    request: JobRequest,
    statement: (request: JobRequest) => Promise<Accepted>,
  ): Promise<Accepted>;
  async function accept(
    request: JobRequest,
    statement: (request: JobRequest) => Promise<AcceptedJob> = jobs.accept,
  ): Promise<AcceptedJob> {
    const job = await statement(request);
    if (job.sent_at === null) await outbox.send([job]);
    return job;
  }
}
