import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import type { Schedule } from "#lib/schedule.ts";
import { archiveDue } from "./events.ts";
import { maintenanceRepository } from "./repository.ts";
import { maintenanceRoutes } from "./routes.ts";
import { runMaintenance } from "./run-maintenance.ts";

type Dependencies = { db: DatabaseClient; clock: Clock };

/** A schedule with the same name as its task. Times are UTC. */
const task = (name: string, cron: string, summary: string): Schedule => ({
  name,
  summary,
  cron,
  timeZone: "UTC",
  overlap: "skip",
  missed: "once",
  task: name,
});

export const maintenance = room<Dependencies>({
  name: "maintenance",
  routes: ({ db, clock }) => maintenanceRoutes({ maintenance: maintenanceRepository(db, clock) }),
  chores: ({ db, clock }) => [runMaintenance({ maintenance: maintenanceRepository(db, clock) })],
  schedules: () => [
    task("cleanup-sessions", "0 2 * * *", "Deletes sessions that were not used for 30 days"),
    task("daily-cleanup", "0 3 * * *", "Deletes expired sessions, and audit logs of more than 90 days ago"),
    task("cleanup-expired-tokens", "0 3 * * *", "Deletes tokens that expired more than seven days ago"),
    task("refresh-cache", "*/5 * * * *", "Refreshes the list of the 100 busiest users"),
    {
      name: "archive-ledger",
      summary: "Writes the jobs and dead letters that ended in the past month to Storage",
      cron: "0 4 1 * *",
      timeZone: "UTC",
      overlap: "queue-one",
      missed: "once",
      job: { event: archiveDue, functionId: "archive-ledger" },
    },
  ],
  visibleFields: { [archiveDue.name]: ["schedule", "slot", "dueAt"] },
});
