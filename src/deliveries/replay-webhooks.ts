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

/** A paused run ends after this time and another one checks, in case the event that resumes the replay was missed. */
const LOOK_AGAIN = "6h";

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
      const { state } = await parts.work(part, { policy: "dataSync" }, (claimed, time) =>
        workAtRate({ clock, time, part: claimed }, (from) => replays.queue(claimed, replayId, from)),
      );
      if (state !== "paused") return { replayId };
      if (await run.step.run("look", () => replays.isPaused(replayId)))
        await run.step.waitForEvent("paused", {
          event: replayResumed,
          if: "event.data.replayId == async.data.replayId",
          timeout: LOOK_AGAIN,
        });
      // Another run continues, so that pauses do not add up to more steps than Inngest allows for a run.
      await run.step.sendEvent("continue", { ...part.event, id: `${run.runId}:continue` });
      return { replayId };
    },
  );
