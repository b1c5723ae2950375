import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import { pushPost } from "#feed/push-post.ts";
import { pushPostPart } from "#feed/push-post-part.ts";
import { feedRepository } from "#feed/repository.ts";
import type { Parts } from "#jobs/parts.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";

type FeedFunctionsRoom = {
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  flow: FlowControl;
  parts: Parts;
  onFailure: OnFailure;
};

export function feedFunctions({ db, clock, ...room }: FeedFunctionsRoom): InngestFunction.Any[] {
  const feed = feedRepository(db, clock);
  return [pushPost({ ...room, feed }), pushPostPart({ ...room, feed })];
}
