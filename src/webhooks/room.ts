import type { Outbox } from "#jobs/outbox.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";
import { room } from "#lib/room.ts";
import { mailReported, webhookReceived } from "#webhooks/events.ts";
import { purgeWebhooks } from "#webhooks/purge.ts";
import { createReceive } from "#webhooks/receive.ts";
import { webhookRepository } from "#webhooks/repository.ts";
import { webhookRoutes } from "#webhooks/routes.ts";

type Dependencies = { env: Env; db: DatabaseClient; clock: Clock; logger: Logger; outbox: Outbox };

export const webhooks = room<Dependencies>({
  name: "webhooks",
  routes: ({ db, ...deps }) =>
    webhookRoutes({ receive: createReceive({ ...deps, webhooks: webhookRepository(db, deps.clock) }) }),
  chores: ({ db, clock }) => [purgeWebhooks({ clock, webhooks: webhookRepository(db, clock) })],
  visibleFields: {
    [webhookReceived.name]: ["webhookId", "objectKey"],
    [mailReported.name]: ["webhookId", "messageId", "kind"],
  },
});
