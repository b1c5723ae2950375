import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import { costRepository } from "./repository.ts";
import { costRoutes } from "./routes.ts";
import { tallyUsage } from "./tally.ts";

type Dependencies = { db: DatabaseClient; clock: Clock };

export const cost = room<Dependencies>({
  name: "cost",
  routes: ({ db, clock }) => costRoutes({ cost: costRepository(db, clock), clock }),
  chores: ({ db, clock }) => [tallyUsage(costRepository(db, clock))],
});
