import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import type { Schedule } from "#lib/schedule.ts";
import { backfillRequested } from "./events.ts";
import { scheduleRepository } from "./repository.ts";
import { scheduleRoutes } from "./routes.ts";
import { tickSchedules } from "./tick-schedules.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; jobs: Jobs; schedules: readonly Schedule[] };

export const schedules = room<Dependencies>({
  name: "schedules",
  routes: ({ db, clock, jobs, schedules: declared }) =>
    scheduleRoutes({ declared, schedules: scheduleRepository(db, clock), jobs, clock }),
  chores: ({ db, clock, schedules: declared }) => [
    tickSchedules({ declared, schedules: scheduleRepository(db, clock), clock }),
  ],
  visibleFields: { [backfillRequested.name]: ["schedule", "from", "to"] },
});
