import type { Clock } from "#lib/clock.ts";
import type { EngineApi } from "#lib/engine/engine-api.ts";
import { type EventClient, postEvents } from "#lib/engine/post-events.ts";
import { inRequests } from "#lib/engine/requests.ts";
import type { Logger } from "#lib/logger.ts";
import { type JobEvent, SEND_AHEAD_MS, SEND_TIMEOUT_MS, toEvent } from "./job-event.ts";
import type { JobRepository } from "./repository.ts";
import type { Job } from "./rows.ts";

type Dependencies = {
  inngest: EventClient;
  engine: Pick<EngineApi, "isReachable">;
  jobs: Pick<JobRepository, "markSent" | "unsent">;
  clock: Clock;
  logger: Logger;
};

export const SEND_BATCH = 200;
/** How many jobs are sent at the same time, each in a request of its own. */
const AT_ONCE = 20;
/** With these statuses the engine refuses our key, or takes no events now. They say nothing about the event. */
const TAKES_NO_EVENTS: ReadonlySet<number> = new Set([401, 403, 404, 429]);
const isAboutTheEvent = (status: number): boolean => status >= 400 && status < 500 && status !== 408;

/**
 * How many jobs were sent; the ids of those that the engine did not take in a request of their own; and which of these
 * ids it refuses.
 */
type Sent = { sent: number; left: string[]; refused: string[] };

/** Sends what the outbox holds; `flush` and housekeeping use it. */
export function createSendUnsent({ inngest, engine, jobs, clock, logger }: Dependencies) {
  return sendUnsent;

  /**
   * Sends the jobs of the outbox that were accepted at least `ageMs` ago, in batches, in the order of their release. A
   * job that cannot be sent does not hold up the jobs after it. When the time is over, at most one batch is sent. Throws
   * when the database does not answer.
   */
  async function sendUnsent(ageMs: number, isOver: () => boolean): Promise<Sent> {
    const result: Sent = { sent: 0, left: [], refused: [] };
    let batch: Job[];
    do {
      batch = await jobs.unsent(ageMs, SEND_AHEAD_MS, SEND_BATCH, result.left);
      const now = clock.now().getTime();
      for (const events of inRequests(batch.map((job) => toEvent(job, now)))) {
        if (!(await sendEvents(events, isOver, result))) return result;
      }
    } while (batch.length === SEND_BATCH && !isOver());
    return result;
  }

  /**
   * Sends the events in one request. When the engine does not take them together, one of them may be wrong, so each is
   * sent in a request of its own while there is time. Returns false when the engine takes no events now, or the time is
   * over.
   */
  async function sendEvents(events: JobEvent[], isOver: () => boolean, result: Sent): Promise<boolean> {
    const jobIds = events.map(({ id }) => id);
    const status = await postEvents(inngest, events, SEND_TIMEOUT_MS);
    if (status === 200) {
      await jobs.markSent(jobIds);
      result.sent += events.length;
      return true;
    }
    logger.warn(
      { status, jobs: events.length, firstJobId: jobIds[0] },
      "jobs not sent; the outbox keeps them",
    );
    if (TAKES_NO_EVENTS.has(status)) return false;
    const isRefusal = isAboutTheEvent(status);
    // When the time is over, as after one request to an engine that hangs, no further request is sent.
    if (!isRefusal && isOver()) return false;
    if (events.length === 1) {
      result.left.push(...jobIds);
      if (isRefusal) result.refused.push(...jobIds);
      return true;
    }
    if (!isRefusal && !(await engine.isReachable())) return false;
    for (let n = 0; n < events.length; n += AT_ONCE) {
      if (isOver()) return false;
      const some = events.slice(n, n + AT_ONCE);
      const isOpen = await Promise.all(some.map((event) => sendEvents([event], isOver, result)));
      if (isOpen.includes(false)) return false;
    }
    return true;
  }
}
