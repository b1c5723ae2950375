import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import { listRepository } from "#lists/repository.ts";
import { listRoutes } from "#lists/routes.ts";
import { subscriberRoutes } from "#lists/subscriber-routes.ts";

type Dependencies = { db: DatabaseClient; clock: Clock };

export const lists = room<Dependencies>({
  name: "lists",
  routes: ({ db, clock }) => {
    const deps = { lists: listRepository(db, clock) };
    return [...listRoutes(deps), ...subscriberRoutes(deps)];
  },
});
