import type { InngestFunction } from "inngest";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Schedule } from "#lib/schedule.ts";
import { backfillSchedule } from "#schedules/backfill-schedule.ts";
import { scheduleRepository } from "#schedules/repository.ts";

type Dependencies = Omit<Parameters<typeof backfillSchedule>[0], "schedules" | "declared"> & {
  db: DatabaseClient;
  clock: Clock;
  schedules: readonly Schedule[];
};

export const scheduleFunctions = ({ db, clock, schedules, ...deps }: Dependencies): InngestFunction.Any[] => [
  backfillSchedule({ ...deps, schedules: scheduleRepository(db, clock), declared: schedules }),
];
