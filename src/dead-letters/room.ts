import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import { handleLetterGroup } from "./events.ts";
import { letterGroupRepository } from "./group-repository.ts";
import { letterGroupRoutes } from "./group-routes.ts";
import { deadLetterRoutes } from "./routes.ts";
import { tellUnalerted } from "./tell-unalerted.ts";
import { watchRuns } from "./watch-runs.ts";

type Dependencies = Parameters<typeof deadLetterRoutes>[0] &
  Parameters<typeof watchRuns>[0] &
  Parameters<typeof tellUnalerted>[0] & { db: DatabaseClient; clock: Clock; jobs: Pick<Jobs, "accept"> };

export const deadLetters = room<Dependencies>({
  name: "dead-letters",
  routes: (deps) => [
    // These routes come first, because the other routes have an id at the same position of the path.
    ...letterGroupRoutes({ ...deps, groups: letterGroupRepository(deps.db, deps.clock) }),
    ...deadLetterRoutes(deps),
  ],
  chores: (deps) => [watchRuns(deps), tellUnalerted(deps)],
  visibleFields: { [handleLetterGroup.name]: ["groupJobId"] },
});
