import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import { handleLetterGroup } from "./events.ts";
import { letterGroupRepository } from "./group-repository.ts";
import { letterGroupRoutes } from "./group-routes.ts";
import { deadLetterRoutes } from "./routes.ts";
import { sendMissedAlerts } from "./send-missed-alerts.ts";
import { settleQuietRuns } from "./settle-quiet-runs.ts";

type Dependencies = Parameters<typeof deadLetterRoutes>[0] &
  Parameters<typeof settleQuietRuns>[0] &
  Parameters<typeof sendMissedAlerts>[0] & { db: DatabaseClient; clock: Clock; jobs: Pick<Jobs, "accept"> };

export const deadLetters = room<Dependencies>({
  name: "dead-letters",
  routes: (deps) => [
    // These routes come first, because the other routes have an id at the same position of the path.
    ...letterGroupRoutes({ ...deps, groups: letterGroupRepository(deps.db, deps.clock) }),
    ...deadLetterRoutes(deps),
  ],
  chores: (deps) => [settleQuietRuns(deps), sendMissedAlerts(deps)],
  visibleFields: { [handleLetterGroup.name]: ["groupJobId"] },
});
