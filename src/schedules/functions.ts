import type { InngestFunction } from "inngest";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Schedule } from "#lib/schedule.ts";
import { backfillSchedule } from "#schedules/backfill-schedule.ts";
import { scheduleRepository } from "#schedules/repository.ts";

type Dependencies = Omit<Parameters<typeof backfillSchedule>[0], "schedules" | "declared"> & {
  db: DatabaseClient;
  schedules: readonly Schedule[];
};

export const scheduleFunctions = ({ db, schedules, ...deps }: Dependencies): InngestFunction.Any[] => [
  backfillSchedule({ ...deps, schedules: scheduleRepository(db, deps.clock), declared: schedules }),
];
