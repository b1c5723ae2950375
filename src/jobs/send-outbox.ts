import type { Chore } from "#lib/housekeeping.ts";
import type { Outbox } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";

type Dependencies = { jobs: Pick<JobRepository, "unsent">; outbox: Outbox };

/** A route sends right after accepting; a job that is still here after that had no luck. */
const GRACE_MS = 15_000;
const BATCH = 200;

/** Sends what could not be sent when it was accepted, oldest first, under the same event ids. */
export const sendOutbox = ({ jobs, outbox }: Dependencies): Chore => ({
  name: "outbox",
  async run(deadline) {
    let sent = 0;
    while (!deadline.isOver()) {
      const batch = await jobs.unsent(GRACE_MS, BATCH);
      if (!(await outbox.send(batch))) break;
      sent += batch.length;
      if (batch.length < BATCH) break;
    }
    return { sent };
  },
});
