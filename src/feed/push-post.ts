import type { OnFailure } from "#dead-letters/on-failure.ts";
import { pushPostPartRequested, pushPostRequested } from "#feed/events.ts";
import type { FeedRepository } from "#feed/repository.ts";
import type { Parts } from "#jobs/parts.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";

type Dependencies = {
  inngest: InngestClient;
  feed: Pick<FeedRepository, "cut">;
  parts: Pick<Parts, "plan" | "fanOut">;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** One part is one statement and two executions: 10,000 followers are five parts. */
const FOLLOWERS_PER_PART = 2000;

/**
 * Sends an event for each range of followers. A post that its readers pull has no parts, and its job is completed at
 * once.
 */
export const pushPost = ({ inngest, feed, parts, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "push-post",
      triggers: [pushPostRequested],
      ...flow.prioritized(10),
      ...tries("standard"),
      cancelOn: cancelOfThisJob("push-post"),
      onFailure,
    },
    async (run) => {
      const { postId } = run.event.data;
      const plan = await parts.plan(run, "push-post", async () => {
        const ranges = await feed.cut(postId, FOLLOWERS_PER_PART);
        return {
          parts: ranges.map((range) => ({ ...range, bounds: { postId } })),
          cursor: null,
          result: { postId },
        };
      });
      await parts.fanOut(run, plan, (ref) => pushPostPartRequested.create({ postId, ...ref }));
      return { followers: plan.total, parts: plan.parts };
    },
  );
