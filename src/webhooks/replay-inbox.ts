import type { OnFailure } from "#dead-letters/on-failure.ts";
import { onlyPart } from "#jobs/only-part.ts";
import type { Parts } from "#jobs/parts.ts";
import { workAtRate } from "#jobs/work-at-rate.ts";
import type { Clock } from "#lib/clock.ts";
import { cancelOfParentJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { inboxReplayRequested } from "#webhooks/events.ts";
import type { InboxReplayRepository } from "#webhooks/replay-repository.ts";

type Dependencies = {
  inngest: InngestClient;
  replays: Pick<InboxReplayRepository, "cut" | "queue">;
  parts: Pick<Parts, "plan" | "work">;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** Gives webhooks of the inbox new jobs, second by second, at the replay's rate. */
export const replayInbox = ({ inngest, replays, parts, clock, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "replay-inbox",
      triggers: [inboxReplayRequested],
      ...flow.background(),
      ...tries("dataSync"),
      cancelOn: cancelOfParentJob("replay-inbox"),
      onFailure,
    },
    async (run) => {
      const { replayId } = run.event.data;
      const part = await onlyPart(parts, run, "replay-inbox", async () => ({
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
