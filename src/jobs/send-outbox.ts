import type { Clock } from "#lib/clock.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { Outbox } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "failUnbegun">;
  outbox: Pick<Outbox, "sendUnsent">;
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
export const sendOutbox = ({ jobs, outbox, clock }: Dependencies): Chore => ({
  name: "outbox",
  async run(deadline) {
    const { sent, refused } = await outbox.sendUnsent(GRACE_MS, () => deadline.isOver());
    const before = new Date(clock.now().getTime() - UNBEGUN_MS);
    return { sent, unbegun: await jobs.failUnbegun(before, refused, UNBEGUN_BATCH) };
  },
});
