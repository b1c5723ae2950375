import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import { suppressionRepository } from "#suppressions/repository.ts";
import { suppressionRoutes } from "#suppressions/routes.ts";

type Dependencies = { db: DatabaseClient; clock: Clock };

export const suppressions = room<Dependencies>({
  name: "suppressions",
  routes: ({ db, clock }) => suppressionRoutes({ suppressions: suppressionRepository(db, clock) }),
});
