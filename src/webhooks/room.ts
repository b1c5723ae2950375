import type { Jobs } from "#jobs/accept.ts";
import type { Outbox } from "#jobs/outbox.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { deleteOld } from "#lib/delete-old.ts";
import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";
import { room } from "#lib/room.ts";
import { githubSyncDue, inboxReplayRequested, webhookGapsDue, webhookReceived } from "#webhooks/events.ts";
import { inboxRepository } from "#webhooks/inbox-repository.ts";
import { inboxRoutes } from "#webhooks/inbox-routes.ts";
import { createReceive } from "#webhooks/receive.ts";
import { inboxReplayRepository } from "#webhooks/replay-repository.ts";
import { inboxReplayRoutes } from "#webhooks/replay-routes.ts";
import { webhookRepository } from "#webhooks/repository.ts";
import { webhookRoutes } from "#webhooks/routes.ts";
import { gapSchedules, metricsSchedules } from "#webhooks/schedules.ts";

type Dependencies = {
  env: Env;
  db: DatabaseClient;
  clock: Clock;
  logger: Logger;
  outbox: Outbox;
  jobs: Jobs;
};

/**
 * Webhooks are kept longer than any provider repeats them, so that a late repetition is recognized as a duplicate.
 * Older webhooks are deleted, because their bodies contain personal data.
 */
const KEEP_DAYS = 90;

export const webhooks = room<Dependencies>({
  name: "webhooks",
  routes: ({ db, jobs, ...deps }) => [
    ...webhookRoutes({ receive: createReceive({ ...deps, webhooks: webhookRepository(db, deps.clock) }) }),
    ...inboxReplayRoutes({ jobs, replays: inboxReplayRepository(db, deps.clock) }),
    ...inboxRoutes({ inbox: inboxRepository(db, deps.clock) }),
  ],
  chores({ db, clock }) {
    const { purge } = webhookRepository(db, clock);
    return [deleteOld({ name: "webhooks", keepDays: KEEP_DAYS, clock, some: purge })];
  },
  schedules: (env) => [...gapSchedules(env), ...metricsSchedules(env)],
  visibleFields: {
    [githubSyncDue.name]: ["schedule", "slot", "dueAt"],
    [webhookGapsDue.name]: ["schedule", "slot", "dueAt"],
    [webhookReceived.name]: ["webhookId", "objectKey"],
    [inboxReplayRequested.name]: ["replayId"],
  },
});
