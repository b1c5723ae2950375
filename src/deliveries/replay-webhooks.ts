import type { OnFailure } from "#dead-letters/on-failure.ts";
import { replayRequested } from "#deliveries/events.ts";
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
  replays: Pick<ReplayRepository, "cut" | "queue">;
  parts: Pick<Parts, "plan" | "work">;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

/**
 * Queues the messages of a replay second by second, at its rate. The endpoint's lane sends them. Each message is queued
 * once, even if the run dies several times, because the part of the job stores the position. When the replay is paused,
 * the run ends; the resume sends this event again, with the part.
 */
export const replayWebhooks = ({ inngest, replays, parts, clock, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "replay-webhooks",
      triggers: [replayRequested],
      ...flow.background(),
      ...tries("dataSync"),
      cancelOn: cancelOfParentJob("replay-webhooks"),
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
      await parts.work(part, { policy: "dataSync" }, (claimed, time) =>
        workAtRate({ clock, time, part: claimed }, (from) => replays.queue(claimed, replayId, from)),
      );
      return { replayId };
    },
  );
