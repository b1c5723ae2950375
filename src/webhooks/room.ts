import type { Outbox } from "#jobs/outbox.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { deleteOld } from "#lib/delete-old.ts";
import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";
import { room } from "#lib/room.ts";
import { githubSyncDue, mailReported, webhookReceived } from "#webhooks/events.ts";
import { createReceive } from "#webhooks/receive.ts";
import { webhookRepository } from "#webhooks/repository.ts";
import { webhookRoutes } from "#webhooks/routes.ts";

type Dependencies = { env: Env; db: DatabaseClient; clock: Clock; logger: Logger; outbox: Outbox };

/**
 * Longer than any provider repeats a webhook, so that a late repetition is still a duplicate. Bodies hold personal data.
 */
const KEEP_DAYS = 90;

export const webhooks = room<Dependencies>({
  name: "webhooks",
  routes: ({ db, ...deps }) =>
    webhookRoutes({ receive: createReceive({ ...deps, webhooks: webhookRepository(db, deps.clock) }) }),
  chores({ db, clock }) {
    const { purge } = webhookRepository(db, clock);
    return [deleteOld({ name: "webhooks", keepDays: KEEP_DAYS, clock, some: purge })];
  },
  schedules: ({ GITHUB_REPOSITORIES, PLAN }) =>
    GITHUB_REPOSITORIES.length === 0
      ? []
      : [
          {
            name: "sync-github-metrics",
            summary: "Reads the metrics of repositories from GitHub",
            // Every 15 minutes would be 5,760 executions a month.
            cron: PLAN === "free" ? "0 * * * *" : "*/15 * * * *",
            timeZone: "UTC",
            overlap: "skip",
            missed: "once",
            job: { event: githubSyncDue, functionId: "sync-github-metrics" },
          },
        ],
  visibleFields: {
    [githubSyncDue.name]: ["schedule", "slot", "dueAt"],
    [webhookReceived.name]: ["webhookId", "objectKey"],
    [mailReported.name]: ["webhookId", "messageId", "kind"],
  },
});
