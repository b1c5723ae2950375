import type { OnFailure } from "#dead-letters/on-failure.ts";
import { replayRequested, replayResumed } from "#deliveries/events.ts";
import type { ReplayRepository } from "#deliveries/replay-repository.ts";
import { onlyPart } from "#jobs/only-part.ts";
import type { Parts } from "#jobs/parts.ts";
import { workAtRate } from "#jobs/work-at-rate.ts";
import type { Clock } from "#lib/clock.ts";
import { cancelOfParentJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";

type Dependencies = {
  inngest: InngestClient;
  replays: Pick<ReplayRepository, "cut" | "queue" | "isPaused">;
  parts: Pick<Parts, "plan" | "work">;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** A paused run checks again after this time, in case the event that resumes it was missed. */
const LOOK_AGAIN = "6h";
const MAX_PAUSES = 100;

/**
 * Queues the messages of a replay second by second, at its rate. The endpoint's lane sends them. Each message is queued
 * once, even if the run dies several times, because the part of the job stores the position.
 */
export const replayWebhooks = ({ inngest, replays, parts, clock, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "replay-webhooks",
      triggers: [replayRequested],
      ...flow.background(),
      ...tries("dataSync"),
      cancelOn: cancelOfParentJob,
      onFailure,
    },
    async (run) => {
      const { replayId } = run.event.data;
      const part = await onlyPart(parts, run, "replay-webhooks", async () => ({
        parts: await replays.cut(replayId),
        cursor: null,
        result: { replayId },
      }));
      if (part === undefined) return { replayId, queued: 0 };
      for (let pauses = 0; pauses < MAX_PAUSES; pauses++) {
        const { state } = await parts.work(part, { policy: "dataSync" }, (claimed, time) =>
          workAtRate({ clock, time, part: claimed }, async (from) => {
            const queued = await replays.queue(claimed, replayId, from);
            // "done" ends the work on the part, although a paused part is not done: the run waits, and then claims the
            // part again.
            return { ...queued, state: queued.state === "paused" ? "done" : queued.state };
          }),
        );
        if (state === "open") break;
        const isPaused = await run.step.run(`look-${pauses}`, () => replays.isPaused(replayId));
        if (!isPaused) break;
        await run.step.waitForEvent(`paused-${pauses}`, {
          event: replayResumed,
          if: "event.data.replayId == async.data.replayId",
          timeout: LOOK_AGAIN,
        });
      }
      return { replayId };
    },
  );
