import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { removeLeftFiles } from "#lib/database/left-files.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { Env } from "#lib/env.ts";
import { room } from "#lib/room.ts";
import { resizeImageRequested } from "#uploads/events.ts";
import { abandonUploads, forgetUploads } from "#uploads/forget-uploads.ts";
import { keepMsOf, quotaOf } from "#uploads/limits.ts";
import { uploadRepository } from "#uploads/repository.ts";
import { uploadRoutes } from "#uploads/routes.ts";

type Dependencies = { env: Env; db: DatabaseClient; clock: Clock; storage: Storage };

export const uploads = room<Dependencies>({
  name: "uploads",
  routes: ({ env, db, ...deps }) =>
    uploadRoutes({
      ...deps,
      uploads: uploadRepository(db, deps.clock),
      quota: quotaOf(env),
      keepMs: keepMsOf(env),
    }),
  chores: (deps) => {
    const uploads = uploadRepository(deps.db, deps.clock);
    return [abandonUploads(uploads), forgetUploads(uploads, keepMsOf(deps.env)), removeLeftFiles(deps)];
  },
  visibleFields: { [resizeImageRequested.name]: ["uploadId", "priority"] },
});
