import { erasePersonRequested } from "#erasures/events.ts";
import { erasureRepository } from "#erasures/repository.ts";
import { erasureRoutes } from "#erasures/routes.ts";
import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; jobs: Jobs };

export const erasures = room<Dependencies>({
  name: "erasures",
  routes: ({ db, clock, jobs }) => erasureRoutes({ erasures: erasureRepository(db, clock), jobs }),
  visibleFields: { [erasePersonRequested.name]: ["erasureId"] },
});
