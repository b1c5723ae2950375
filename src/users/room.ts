import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import { userFacts } from "#users/facts.ts";
import { userRepository } from "#users/repository.ts";
import { userRoutes } from "#users/routes.ts";

type Dependencies = { db: DatabaseClient; clock: Clock };

export const users = room<Dependencies>({
  name: "users",
  routes: ({ db, clock }) => userRoutes({ users: userRepository(db, clock) }),
  facts: userFacts,
});
