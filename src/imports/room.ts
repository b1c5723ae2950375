import type { EstimateImport } from "#imports/estimate.ts";
import { importBatchDue, importRequested, importUndoRequested } from "#imports/events.ts";
import { importFacts } from "#imports/facts.ts";
import { importFileRoutes } from "#imports/file-routes.ts";
import { forgetImports } from "#imports/forget-imports.ts";
import { importRepository } from "#imports/repository.ts";
import { importRoutes } from "#imports/routes.ts";
import { importUndoRoutes } from "#imports/undo-routes.ts";
import type { Jobs } from "#jobs/accept.ts";
import type { CancelJob } from "#jobs/cancel.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";
import { room } from "#lib/room.ts";

type Dependencies = {
  db: DatabaseClient;
  clock: Clock;
  storage: Storage;
  safeFetch: SafeFetch;
  jobs: Jobs;
  cancelJob: CancelJob;
  estimateImport: EstimateImport;
};

export const imports = room<Dependencies>({
  name: "imports",
  routes: ({ db, ...deps }) => {
    const imports = importRepository(db, deps.clock);
    return [
      ...importFileRoutes({ ...deps, imports }),
      ...importRoutes({ ...deps, imports }),
      ...importUndoRoutes({ ...deps, imports }),
    ];
  },
  chores: ({ db, clock }) => [forgetImports(importRepository(db, clock))],
  facts: importFacts,
  visibleFields: {
    [importUndoRequested.name]: ["importId"],
    [importRequested.name]: ["importId", "importType", "priority", "deadlineAt"],
    [importBatchDue.name]: ["importId", "batchIndex", "part", "parentJobId"],
  },
});
