import type { EngineApi } from "#lib/engine-api.ts";
import type { Chore, Deadline } from "#lib/housekeeping.ts";
import { type Outbox, SEND_AHEAD_MS, SEND_BATCH } from "./outbox.ts";
import type { JobRepository } from "./repository.ts";
import type { Job } from "./rows.ts";

type Dependencies = {
  jobs: Pick<JobRepository, "unsent">;
  outbox: Pick<Outbox, "send">;
  engine: Pick<EngineApi, "isReachable">;
};

/** A route sends right after accepting; a job that is still here after that had no luck. */
const GRACE_MS = 15_000;

/** Sends what could not be sent when it was accepted, under the same event ids. */
export function sendOutbox({ jobs, outbox, engine }: Dependencies): Chore {
  return {
    name: "outbox",
    async run(deadline) {
      let sent = 0;
      while (!deadline.isOver()) {
        const batch = await jobs.unsent(GRACE_MS, SEND_AHEAD_MS, SEND_BATCH);
        if (!(await outbox.send(batch))) return { sent: sent + (await sendOneByOne(batch, deadline)) };
        sent += batch.length;
        if (batch.length < SEND_BATCH) break;
      }
      return { sent };
    },
  };

  /** An engine that answers but takes no batch has found one event that it refuses: the others must not wait for it. */
  async function sendOneByOne(batch: readonly Job[], deadline: Deadline): Promise<number> {
    if (batch.length < 2 || !(await engine.isReachable())) return 0;
    let sent = 0;
    for (const job of batch) {
      if (deadline.isOver()) break;
      if (await outbox.send([job])) sent++;
    }
    return sent;
  }
}
