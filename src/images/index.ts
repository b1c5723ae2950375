import { imageDesk } from "#images/desk-repository.ts";
import { generateImageRequested, resizeImageRequested } from "#images/events.ts";
import { forgetUploads } from "#images/forget-uploads.ts";
import { pictureRoutes } from "#images/picture-routes.ts";
import { queueRoutes } from "#images/queue-routes.ts";
import { imageRepository } from "#images/repository.ts";
import { startWaiting } from "#images/start-waiting.ts";
import { statsRoutes } from "#images/stats-routes.ts";
import { queueStreamRoutes } from "#images/stream-routes.ts";
import { taskRoutes } from "#images/task-routes.ts";
import { uploadRepository } from "#images/upload-repository.ts";
import { uploadRoutes } from "#images/upload-routes.ts";
import type { CancelJob, TellCanceled } from "#jobs/cancel.ts";
import type { Outbox } from "#jobs/outbox.ts";
import type { Streams } from "#jobs/stream.ts";
import type { Clock } from "#lib/clock.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { Route } from "#lib/http.ts";
import type { Storage } from "#lib/storage.ts";
import type { DatabaseClient } from "#lib/supabase.ts";

/** What the room's routes and chores are given; its functions stand in `functions.ts`. */
export type ImageRoom = {
  db: DatabaseClient;
  clock: Clock;
  storage: Storage;
  outbox: Outbox;
  cancelJob: CancelJob;
  tellCanceled: TellCanceled;
  streams: Streams;
};

export function imageRoutes({ db, ...room }: ImageRoom): Route[] {
  const desk = imageDesk(db, room.clock);
  return [
    ...taskRoutes({ ...room, desk }),
    ...pictureRoutes({ ...room, desk }),
    ...statsRoutes({ desk }),
    ...queueStreamRoutes({ ...room, desk }),
    ...queueRoutes({ ...room, desk }),
    ...uploadRoutes({ ...room, uploads: uploadRepository(db, room.clock) }),
  ];
}

export const imageChores = ({ db, clock, outbox }: Pick<ImageRoom, "db" | "clock" | "outbox">): Chore[] => [
  startWaiting({ images: imageRepository(db, clock), outbox }),
  forgetUploads({ uploads: uploadRepository(db, clock) }),
];

/** What of our events may be seen in alerts: ids and numbers, never a prompt. */
export const imageVisibleFields: Record<string, string[]> = {
  [generateImageRequested.name]: ["taskId", "priority", "deadlineAt"],
  [resizeImageRequested.name]: ["uploadId", "priority"],
};
