import type { OnFailure } from "#dead-letters/on-failure.ts";
import { pushPostPartRequested } from "#feed/events.ts";
import type { FeedRepository } from "#feed/repository.ts";
import type { Parts } from "#jobs/parts.ts";
import { cancelOfParentJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";

type Dependencies = {
  inngest: InngestClient;
  feed: Pick<FeedRepository, "push">;
  parts: Pick<Parts, "work">;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** Writes the entries of one range of followers, with one statement. */
export const pushPostPart = ({ inngest, feed, parts, flow, onFailure }: Dependencies) =>
  inngest.createFunction(
    {
      id: "push-post-part",
      triggers: [pushPostPartRequested],
      concurrency: flow.concurrency(10),
      ...tries("standard"),
      cancelOn: cancelOfParentJob("push-post-part"),
      onFailure,
    },
    (run) => parts.work(run, { policy: "standard" }, (part) => feed.push(part)),
  );
