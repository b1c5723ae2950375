import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { removeLeftFiles } from "#lib/database/left-files.ts";
import type { Storage } from "#lib/database/storage.ts";
import { room } from "#lib/room.ts";
import { resizeImageRequested } from "#uploads/events.ts";
import { forgetUploads } from "#uploads/forget-uploads.ts";
import { uploadRepository } from "#uploads/repository.ts";
import { uploadRoutes } from "#uploads/routes.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; storage: Storage };

export const uploads = room<Dependencies>({
  name: "uploads",
  routes: ({ db, ...deps }) => uploadRoutes({ ...deps, uploads: uploadRepository(db, deps.clock) }),
  chores: (deps) => [
    forgetUploads({ uploads: uploadRepository(deps.db, deps.clock) }),
    removeLeftFiles(deps),
  ],
  visibleFields: { [resizeImageRequested.name]: ["uploadId", "priority"] },
});
