import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { deleteOld } from "#lib/delete-old.ts";
import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";
import { room } from "#lib/room.ts";
import { alertRoutes } from "./alert-routes.ts";
import { alertsRepository } from "./alerts-repository.ts";
import { createCheckIn } from "./check-in.ts";
import { canarySent, dailyReportDue } from "./events.ts";
import { metricsRoutes } from "./metrics-routes.ts";
import { monitor } from "./monitor.ts";
import { monitoringRepository } from "./repository.ts";
import { sendCanary } from "./send-canary.ts";

type Dependencies = Omit<Parameters<typeof monitor>[0], "alerts" | "checkIn"> & {
  env: Env;
  db: DatabaseClient;
  clock: Clock;
  safeFetch: SafeFetch;
  logger: Logger;
};

const KEEP_DAYS = 90;

export const monitoring = room<Dependencies>({
  name: "monitoring",
  routes: ({ env, db, clock }) => [
    ...alertRoutes({ env, alerts: alertsRepository(db, clock) }),
    ...metricsRoutes({ monitoring: monitoringRepository(db, clock) }),
  ],
  chores: (deps) => {
    const { env, db, clock } = deps;
    const alerts = alertsRepository(db, clock);
    return [
      monitor({ ...deps, alerts, checkIn: createCheckIn(deps) }),
      sendCanary({ env, alerts }),
      deleteOld({ name: "old-alerts", keepDays: KEEP_DAYS, clock, some: alerts.purge }),
    ];
  },
  schedules: ({ REPORT_TIME_ZONE }) => [
    {
      name: "send-daily-report",
      summary: "Sends the report on the previous day to Slack",
      cron: "0 9 * * *",
      timeZone: REPORT_TIME_ZONE,
      overlap: "skip",
      missed: "once",
      job: { event: dailyReportDue, functionId: "send-daily-report" },
    },
  ],
  visibleFields: {
    [dailyReportDue.name]: ["schedule", "slot", "dueAt"],
    [canarySent.name]: ["sentAt"],
  },
});
