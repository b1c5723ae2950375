import { pushPostPartRequested, pushPostRequested } from "#feed/events.ts";
import { createReadFeed } from "#feed/read-feed.ts";
import { feedRepository } from "#feed/repository.ts";
import { feedRoutes } from "#feed/routes.ts";
import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; jobs: Jobs };

export const feed = room<Dependencies>({
  name: "feed",
  routes({ db, clock, jobs }) {
    const feed = feedRepository(db, clock);
    return feedRoutes({ feed, readFeed: createReadFeed(feed, clock), jobs });
  },
  visibleFields: {
    [pushPostRequested.name]: ["postId"],
    [pushPostPartRequested.name]: ["postId", "part", "parentJobId"],
  },
});
