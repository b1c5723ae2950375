import type { InngestFunction } from "inngest";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";
import { monitoringRepository } from "#monitoring/repository.ts";
import { runCanary } from "#monitoring/run-canary.ts";
import { sendDailyReport } from "#monitoring/send-daily-report.ts";

export type MonitoringRoom = Omit<Parameters<typeof sendDailyReport>[0], "monitoring" | "timeZone"> & {
  env: Pick<Env, "REPORT_TIME_ZONE">;
  db: DatabaseClient;
  clock: Clock;
};

export const monitoringFunctions = ({ env, db, clock, ...room }: MonitoringRoom): InngestFunction.Any[] => [
  runCanary(room),
  sendDailyReport({ ...room, monitoring: monitoringRepository(db, clock), timeZone: env.REPORT_TIME_ZONE }),
];
