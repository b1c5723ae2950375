import type { Clock } from "#lib/clock.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { TellEngine } from "./cancel.ts";
import type { JobRepository } from "./repository.ts";
import { SEND_BATCH } from "./send-unsent.ts";

type Dependencies = { jobs: Pick<JobRepository, "unheardCancels">; tellEngine: TellEngine; clock: Clock };

/** A run that has not stopped after this time does not react to the cancel event. */
const REPEAT_MS = 24 * 60 * 60_000;

/**
 * Tells the engine again about canceled jobs whose run has not ended, because the engine has not received the cancel.
 */
export const repeatCancels = ({ jobs, tellEngine, clock }: Dependencies): Chore => ({
  name: "cancels",
  async run(deadline) {
    if (deadline.isOver()) return { repeated: 0 };
    const since = new Date(clock.now().getTime() - REPEAT_MS);
    const canceled = await jobs.unheardCancels(since, SEND_BATCH);
    const isReceived = canceled.length > 0 && (await tellEngine(canceled));
    return { repeated: isReceived ? canceled.length : 0 };
  },
});
