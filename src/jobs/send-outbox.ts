import type { Clock } from "#lib/clock.ts";
import type { Chore, Deadline } from "#lib/housekeeping.ts";
import { type Outbox, SEND_AHEAD_MS, SEND_BATCH } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "unsent" | "failUnbegun">;
  outbox: Pick<Outbox, "send" | "sendSeparately">;
  clock: Clock;
};

/** A route sends its job right after accepting it. If a job is still in the outbox after this time, it was not sent. */
const GRACE_MS = 15_000;
/**
 * A job that was sent and has not begun a day after it was due will never begin. After a day the engine has also
 * forgotten the event's id.
 */
const UNBEGUN_MS = 24 * 60 * 60_000;
const UNBEGUN_BATCH = 50;

/**
 * Sends jobs that could not be sent when they were accepted, under the same event ids. A job that the engine refuses,
 * or has accepted but never begun (its function is not registered, or is paused), becomes a dead letter after a day.
 */
export function sendOutbox({ jobs, outbox, clock }: Dependencies): Chore {
  return {
    name: "outbox",
    async run(deadline) {
      const { sent, refused } = await sendAll(deadline);
      const before = new Date(clock.now().getTime() - UNBEGUN_MS);
      return { sent, unbegun: await jobs.failUnbegun(before, refused, UNBEGUN_BATCH) };
    },
  };

  async function sendAll(deadline: Deadline) {
    let sent = 0;
    while (!deadline.isOver()) {
      const batch = await jobs.unsent(GRACE_MS, SEND_AHEAD_MS, SEND_BATCH);
      if (!(await outbox.send(batch))) {
        const alone = await outbox.sendSeparately(batch, () => deadline.isOver());
        return { sent: sent + alone.sent, refused: alone.refused };
      }
      sent += batch.length;
      if (batch.length < SEND_BATCH) break;
    }
    return { sent, refused: [] };
  }
}
