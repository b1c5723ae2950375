import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";
import { room } from "#lib/room.ts";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";
import { linkRoutes } from "#suppressions/link-routes.ts";
import { suppressionRepository } from "#suppressions/repository.ts";
import { suppressionRoutes } from "#suppressions/routes.ts";

type Dependencies = { env: Env; db: DatabaseClient; clock: Clock };

export const suppressions = room<Dependencies>({
  name: "suppressions",
  routes({ env, db, clock }) {
    const suppressions = suppressionRepository(db, clock);
    const links = createUnsubscribeLinks(env.LINK_SECRET);
    return [...suppressionRoutes({ suppressions }), ...linkRoutes({ suppressions, links })];
  },
});
