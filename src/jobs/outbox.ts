import type { Clock } from "#lib/clock.ts";
import type { EngineApi } from "#lib/engine/engine-api.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { EventClient } from "#lib/engine/post-events.ts";
import { inRequests } from "#lib/engine/requests.ts";
import type { Logger } from "#lib/logger.ts";
import { withTimeout } from "#lib/timeout.ts";
import { type JobEvent, mayLeave, SEND_TIMEOUT_MS, toEvent } from "./job-event.ts";
import type { JobRepository } from "./repository.ts";
import type { SendableJob } from "./rows.ts";
import { createSendUnsent, SEND_BATCH } from "./send-unsent.ts";

export type Outbox = ReturnType<typeof createOutbox>;

type Dependencies = {
  inngest: Pick<InngestClient, "send"> & EventClient;
  engine: Pick<EngineApi, "isReachable">;
  jobs: Pick<JobRepository, "markSent" | "unsent">;
  clock: Clock;
  logger: Logger;
};

/** `flush` begins no request after this time, so that a request that releases thousands of jobs does not send all. */
const FLUSH_MS = 3_000;

/**
 * Sends accepted jobs to the engine. When the engine or the database cannot be reached, the job stays in the outbox,
 * and housekeeping sends it again under the same event id.
 * A held job stays in the outbox until its room releases it. A job of a paused function stays there until a person
 * resumes the function (its `released_at` is "infinity", which is no date). A delayed job is sent shortly before its
 * time, with that time as the event's `ts`, at which the engine begins its run.
 */
export function createOutbox({ inngest, engine, jobs, clock, logger }: Dependencies) {
  const sendUnsent = createSendUnsent({ inngest, engine, jobs, clock, logger });
  const waiting: SendableJob[] = [];
  let sending: Promise<void> | undefined;
  return { send, sendTogether, sendUnsent, flush };

  /**
   * Returns whether the engine has all jobs that may be sent. Never throws, because the work is accepted in any case.
   */
  async function send(accepted: readonly SendableJob[]): Promise<boolean> {
    const now = clock.now().getTime();
    const leaving = accepted.filter((job) => mayLeave(job, now));
    for (const events of inRequests(leaving.map((job) => toEvent(job, now)))) {
      if (!(await sendRequest(events))) return false;
    }
    return true;
  }

  async function sendRequest(events: JobEvent[]): Promise<boolean> {
    const jobIds = events.map(({ id }) => id);
    try {
      await withTimeout(inngest.send(events), SEND_TIMEOUT_MS, "engine_unavailable");
      await jobs.markSent(jobIds);
      return true;
    } catch (err) {
      logger.warn(
        { err, jobs: jobIds.length, firstJobId: jobIds[0] },
        "jobs not sent, or not marked as sent; the outbox keeps them",
      );
      return false;
    }
  }

  /**
   * Like `send`, for jobs that are accepted in quick succession: jobs that arrive during a call share the next call.
   * Resolves when no job waits for a call any more. Never throws.
   */
  function sendTogether(job: SendableJob): Promise<void> {
    waiting.push(job);
    sending ??= sendWaiting().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  async function sendWaiting(): Promise<void> {
    while (waiting.length > 0) {
      // When the engine cannot be reached, housekeeping also sends the jobs that still wait here.
      if (!(await send(waiting.splice(0, SEND_BATCH)))) waiting.length = 0;
    }
  }

  /**
   * Sends the jobs that may be sent, even the newest; called after work was released. Jobs that are left after
   * `FLUSH_MS` wait for the next flush or for housekeeping. Never throws.
   */
  async function flush(): Promise<void> {
    const end = performance.now() + FLUSH_MS;
    try {
      await sendUnsent(0, () => performance.now() >= end);
    } catch (err) {
      logger.warn({ err }, "the database did not answer; housekeeping sends the outbox");
    }
  }
}
