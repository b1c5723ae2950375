import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import { room } from "#lib/room.ts";
import { reportFacts } from "#reports/facts.ts";
import { generateReportRequested, reportReady } from "./events.ts";
import { removeExpired } from "./remove-expired.ts";
import { reportRepository } from "./repository.ts";
import { reportRoutes } from "./routes.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; storage: Storage; jobs: Jobs };

export const reports = room<Dependencies>({
  name: "reports",
  routes: ({ db, clock, ...deps }) => reportRoutes({ ...deps, reports: reportRepository(db, clock) }),
  chores: ({ db, clock }) => [removeExpired(reportRepository(db, clock))],
  facts: reportFacts,
  visibleFields: {
    [generateReportRequested.name]: ["reportType", "format", "priority", "deadlineAt"],
    [reportReady.name]: ["reportId"],
  },
});
