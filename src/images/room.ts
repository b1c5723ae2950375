import { imageApiRepository } from "#images/api-repository.ts";
import { generateImageRequested } from "#images/events.ts";
import { pictureRoutes } from "#images/picture-routes.ts";
import { queueRoutes } from "#images/queue-routes.ts";
import { imageRepository } from "#images/repository.ts";
import { startWaiting } from "#images/start-waiting.ts";
import { statsRoutes } from "#images/stats-routes.ts";
import { queueStreamRoutes } from "#images/stream-routes.ts";
import { taskRoutes } from "#images/task-routes.ts";
import type { CancelJob, TellEngine } from "#jobs/cancel.ts";
import type { Streams } from "#jobs/stream.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import { room } from "#lib/room.ts";

type Dependencies = {
  db: DatabaseClient;
  clock: Clock;
  storage: Storage;
  cancelJob: CancelJob;
  tellEngine: TellEngine;
  streams: Streams;
};

export const images = room<Dependencies>({
  name: "images",
  routes({ db, ...deps }) {
    const images = imageApiRepository(db, deps.clock);
    return [
      ...taskRoutes({ ...deps, images }),
      ...pictureRoutes({ ...deps, images }),
      ...statsRoutes({ images }),
      ...queueStreamRoutes({ ...deps, images }),
      ...queueRoutes({ ...deps, images }),
    ];
  },
  chores: ({ db, clock }) => [startWaiting({ images: imageRepository(db, clock) })],
  visibleFields: { [generateImageRequested.name]: ["taskId", "priority", "deadlineAt"] },
});
