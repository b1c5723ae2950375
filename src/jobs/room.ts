import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import { jobFacts } from "./facts.ts";
import { functionRepository } from "./function-repository.ts";
import { functionRoutes } from "./function-routes.ts";
import { purge } from "./purge.ts";
import { repeatCancels } from "./repeat-cancels.ts";
import { jobRoutes } from "./routes.ts";
import { runRoutes } from "./run-routes.ts";
import { sendOutbox } from "./send-outbox.ts";
import { streamRoutes } from "./stream-routes.ts";

type Dependencies = Parameters<typeof jobRoutes>[0] &
  Parameters<typeof runRoutes>[0] &
  Parameters<typeof streamRoutes>[0] &
  Parameters<typeof sendOutbox>[0] &
  Parameters<typeof repeatCancels>[0] &
  Parameters<typeof purge>[0] & { db: DatabaseClient; clock: Clock };

export const jobs = room<Dependencies>({
  name: "jobs",
  routes: (deps) => [
    ...jobRoutes(deps),
    ...runRoutes(deps),
    ...streamRoutes(deps),
    ...functionRoutes({ functions: functionRepository(deps.db, deps.clock) }),
  ],
  facts: jobFacts,
  chores: (deps) => [sendOutbox(deps), repeatCancels(deps), ...purge(deps)],
});
