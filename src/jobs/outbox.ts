import type { InngestClient } from "#lib/inngest.ts";
import type { Logger } from "#lib/logger.ts";
import { withTimeout } from "#lib/timeout.ts";
import type { JobRepository } from "./repository.ts";
import type { Job } from "./rows.ts";

export type Outbox = ReturnType<typeof createOutbox>;

/** What of a job row travels: its id is the event's id, so that sending it twice is sending it once. */
export type SendableJob = Pick<Job, "id" | "event_name" | "event_data">;

type Dependencies = { inngest: InngestClient; jobs: Pick<JobRepository, "markSent">; logger: Logger };

/** A caller waits no longer for an engine that hangs; what it took all the same it knows by the event id. */
const SEND_TIMEOUT_MS = 8_000;

/**
 * Hands accepted jobs to the engine. The row is the truth: when the engine or the mark cannot be reached the job
 * stays in the outbox and housekeeping sends it again, under the same event id.
 */
export const createOutbox = ({ inngest, jobs, logger }: Dependencies) => ({
  /** Whether the engine has them. Never throws: the work is accepted either way. */
  async send(accepted: readonly SendableJob[]): Promise<boolean> {
    if (accepted.length === 0) return true;
    const jobIds = accepted.map(({ id }) => id);
    try {
      await withTimeout(inngest.send(accepted.map(toEvent)), SEND_TIMEOUT_MS, "engine_unavailable");
      await jobs.markSent(jobIds);
      return true;
    } catch (err) {
      logger.warn(
        { err, jobs: jobIds.length, firstJobId: jobIds[0] },
        "engine not reached, the outbox keeps the jobs",
      );
      return false;
    }
  },
});

const toEvent = ({ id, event_name, event_data }: SendableJob) => ({
  id,
  name: event_name,
  data: isObject(event_data) ? event_data : {},
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
