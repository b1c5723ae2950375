import { apiKeyRepository } from "#api-keys/repository.ts";
import { apiKeyRoutes } from "#api-keys/routes.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";

type Dependencies = { db: DatabaseClient; clock: Clock };

export const apiKeys = room<Dependencies>({
  name: "api-keys",
  routes: ({ db, clock }) => apiKeyRoutes({ keys: apiKeyRepository(db, clock), clock }),
});
