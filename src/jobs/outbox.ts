import type { Clock } from "#lib/clock.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Logger } from "#lib/logger.ts";
import { withTimeout } from "#lib/timeout.ts";
import type { JobRepository } from "./repository.ts";
import type { Job } from "./rows.ts";

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * What of a job row travels: its id is the event's id, so that sending it twice is sending it once. Without
 * `released_at` it may begin at once.
 */
export type SendableJob = Pick<Job, "id" | "event_name" | "event_data"> & Partial<Pick<Job, "released_at">>;

type Dependencies = {
  inngest: InngestClient;
  jobs: Pick<JobRepository, "markSent" | "unsent">;
  clock: Clock;
  logger: Logger;
};

/** A caller waits no longer for an engine that hangs; what it took all the same it knows by the event id. */
export const SEND_TIMEOUT_MS = 8_000;
/** A delayed job is sent when less than this is left of its delay: somewhat more than housekeeping's five minutes. */
export const SEND_AHEAD_MS = 6 * 60_000;
export const SEND_BATCH = 200;

/**
 * Hands accepted jobs to the engine. The row is the truth: when the engine or the mark cannot be reached the job
 * stays in the outbox and housekeeping sends it again, under the same event id.
 *
 * A job that is held stays until its room releases it. A delayed one leaves shortly before its time, and the engine
 * waits the rest: the end of an event's `ts` is the begin of its run.
 */
export function createOutbox({ inngest, jobs, clock, logger }: Dependencies) {
  return { send, flush };

  /** Whether the engine has all that may leave. Never throws: the work is accepted either way. */
  async function send(accepted: readonly SendableJob[]): Promise<boolean> {
    const now = clock.now().getTime();
    const leaving = accepted.filter((job) => mayLeave(job, now));
    if (leaving.length === 0) return true;
    const jobIds = leaving.map(({ id }) => id);
    try {
      const events = leaving.map((job) => toEvent(job, now));
      await withTimeout(inngest.send(events), SEND_TIMEOUT_MS, "engine_unavailable");
      await jobs.markSent(jobIds);
      return true;
    } catch (err) {
      logger.warn(
        { err, jobs: jobIds.length, firstJobId: jobIds[0] },
        "engine not reached, the outbox keeps the jobs",
      );
      return false;
    }
  }

  /** Sends whatever may leave, however young: for whoever has just released work. Never throws. */
  async function flush(): Promise<void> {
    try {
      let batch: Job[];
      do batch = await jobs.unsent(0, SEND_AHEAD_MS, SEND_BATCH);
      while ((await send(batch)) && batch.length === SEND_BATCH);
    } catch (err) {
      logger.warn({ err }, "outbox not read, housekeeping will");
    }
  }
}

const releaseOf = ({ released_at }: SendableJob): number =>
  released_at === undefined ? 0 : released_at === null ? Infinity : Date.parse(released_at);

const mayLeave = (job: SendableJob, now: number): boolean => releaseOf(job) <= now + SEND_AHEAD_MS;

function toEvent(job: SendableJob, now: number) {
  const { id, event_name: name, event_data: data } = job;
  const ts = releaseOf(job);
  return { id, name, data: isObject(data) ? data : {}, ...(ts > now ? { ts } : {}) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
