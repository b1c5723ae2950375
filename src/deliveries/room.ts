import { clearEndpoints, keepLanes, renewSecrets } from "#deliveries/chores.ts";
import { deliveryRoutes } from "#deliveries/delivery-routes.ts";
import { endpointRoutes } from "#deliveries/endpoint-routes.ts";
import { replayRequested, sendWebhookDue } from "#deliveries/events.ts";
import { replayRepository } from "#deliveries/replay-repository.ts";
import { replayRoutes } from "#deliveries/replay-routes.ts";
import { deliveryRepository } from "#deliveries/repository.ts";
import { createSecretBox } from "#deliveries/secrets.ts";
import type { Jobs } from "#jobs/accept.ts";
import { jobRepository } from "#jobs/repository.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { deleteOld } from "#lib/delete-old.ts";
import type { Env } from "#lib/env.ts";
import type { Fact } from "#lib/fact.ts";
import { urlRefusal } from "#lib/outside/url-check.ts";
import { room } from "#lib/room.ts";

type Dependencies = {
  env: Env;
  db: DatabaseClient;
  clock: Clock;
  facts: readonly Fact[];
  jobs: Jobs;
};

/** Bodies may contain personal data, so messages are deleted after this time. A deleted message cannot be replayed. */
const KEEP_DAYS = 30;

export const deliveries = room<Dependencies>({
  name: "deliveries",
  routes: ({ env, db, clock, facts, jobs }) => {
    const deliveries = deliveryRepository(db, clock);
    const secrets = createSecretBox(env.WEBHOOK_KEYS);
    return [
      ...endpointRoutes({
        deliveries,
        secrets,
        facts,
        urlRefusal: urlRefusal({ allowPrivateHosts: env.ALLOW_PRIVATE_HOSTS }),
        clock,
      }),
      ...deliveryRoutes({ deliveries, facts }),
      ...replayRoutes({ jobs, ledger: jobRepository(db, clock), replays: replayRepository(db, clock) }),
    ];
  },
  chores: ({ env, db, clock }) => {
    const deliveries = deliveryRepository(db, clock);
    return [
      keepLanes(deliveries),
      clearEndpoints(deliveries),
      deleteOld({ name: "webhook-messages", keepDays: KEEP_DAYS, clock, some: deliveries.purge }),
      renewSecrets(deliveries, createSecretBox(env.WEBHOOK_KEYS)),
    ];
  },
  visibleFields: {
    [sendWebhookDue.name]: ["endpointId"],
    [replayRequested.name]: ["replayId"],
  },
});
