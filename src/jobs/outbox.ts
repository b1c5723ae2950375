import type { Clock } from "#lib/clock.ts";
import type { EngineApi } from "#lib/engine/engine-api.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { inRequests } from "#lib/engine/requests.ts";
import type { Logger } from "#lib/logger.ts";
import { withTimeout } from "#lib/timeout.ts";
import type { JobRepository } from "./repository.ts";
import type { Job, SendableJob } from "./rows.ts";

export type Outbox = ReturnType<typeof createOutbox>;

type Dependencies = {
  inngest: Pick<InngestClient, "send">;
  engine: Pick<EngineApi, "isReachable">;
  jobs: Pick<JobRepository, "markSent" | "unsent">;
  clock: Clock;
  logger: Logger;
};

/**
 * A caller waits no longer than this for the engine. If the engine accepted the events after all, it recognizes the
 * repeated events by their ids.
 */
export const SEND_TIMEOUT_MS = 8_000;
/**
 * A delayed job is sent when less than this remains of its delay: a little more than the five minutes between two runs
 * of housekeeping.
 */
export const SEND_AHEAD_MS = 6 * 60_000;
export const SEND_BATCH = 200;
/**
 * `flush` begins no batch after this time, so that a request that releases thousands of jobs does not send all of them.
 * A batch that is refused within this time is sent job by job for as long again.
 */
const FLUSH_MS = 3_000;
/** How many jobs are sent at the same time, each in a request of its own. */
const AT_ONCE = 20;

type Separately = { sent: number; refused: string[] };

/**
 * Sends accepted jobs to the engine. When the engine or the database cannot be reached, the job stays in the outbox,
 * and housekeeping sends it again under the same event id.
 * A held job stays in the outbox until its room releases it. A job of a paused function stays there until a person
 * resumes the function (its `released_at` is "infinity", which is no date). A delayed job is sent shortly before its
 * time, with that time as the event's `ts`, at which the engine begins its run.
 */
export function createOutbox({ inngest, engine, jobs, clock, logger }: Dependencies) {
  const waiting: SendableJob[] = [];
  let sending: Promise<void> | undefined;
  const sendSeparately = senderOfSingles(send, engine);
  return { send, sendSeparately, sendTogether, flush };

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

  async function sendRequest(events: ReturnType<typeof toEvent>[]): Promise<boolean> {
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
   * Sends the jobs that may be sent, even the newest; called after work was released. The jobs that were released first
   * are sent first. Jobs that are left after `FLUSH_MS` wait for the next flush or for housekeeping. Never throws.
   */
  async function flush(): Promise<void> {
    const end = performance.now() + FLUSH_MS;
    try {
      let batch: Job[];
      do {
        batch = await jobs.unsent(0, SEND_AHEAD_MS, SEND_BATCH);
        if (!(await send(batch))) {
          const isLate = performance.now() > end;
          const last = performance.now() + FLUSH_MS;
          if (batch.length > 1 && !isLate) await sendSeparately(batch, () => performance.now() > last);
          return;
        }
      } while (batch.length === SEND_BATCH && performance.now() < end);
    } catch (err) {
      logger.warn({ err }, "could not read the outbox; housekeeping sends it");
    }
  }
}

/**
 * Sends each job in a request of its own, because `send` could not send them together. When the engine answers but
 * refuses a batch, one of its events may be wrong, and the other events must not wait for it. Some are sent at the same
 * time, because the SDK tries a refused event again for some seconds. Begins no request when the time is over.
 */
const senderOfSingles =
  (send: (jobs: readonly SendableJob[]) => Promise<boolean>, engine: Dependencies["engine"]) =>
  async (batch: readonly SendableJob[], isOver: () => boolean): Promise<Separately> => {
    const result: Separately = { sent: 0, refused: [] };
    if (isOver() || !(await engine.isReachable())) return result;
    for (let n = 0; n < batch.length && !isOver(); n += AT_ONCE) {
      const some = batch.slice(n, n + AT_ONCE);
      const isSent = await Promise.all(some.map((job) => send([job])));
      result.refused.push(...some.filter((_, index) => !isSent[index]).map(({ id }) => id));
      result.sent += isSent.filter(Boolean).length;
    }
    return result;
  };

const releaseOf = ({ released_at }: SendableJob): number =>
  released_at === null ? Infinity : Date.parse(released_at);

const mayLeave = (job: SendableJob, now: number): boolean => releaseOf(job) <= now + SEND_AHEAD_MS;

function toEvent(job: SendableJob, now: number) {
  const { id, event_name: name, event_data: data } = job;
  const ts = releaseOf(job);
  return { id, name, data: isObject(data) ? data : {}, ...(ts > now ? { ts } : {}) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
