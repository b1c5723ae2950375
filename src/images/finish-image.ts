import { picturePath, pictureUrl, thumbnailPath, thumbnailUrl } from "#images/paths.ts";
import type { ImageRepository, TaskOfEvent } from "#images/repository.ts";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { IMAGES_BUCKET } from "#lib/pictures/kind.ts";
import { thumbnail } from "#lib/pictures/thumbnail.ts";

export type FinishDependencies = {
  images: Pick<ImageRepository, "complete">;
  storage: Pick<Storage, "get" | "put">;
};

/** Makes the thumbnail and completes the task. Safe to repeat. */
export async function finishImage({ images, storage }: FinishDependencies, work: TaskOfEvent) {
  const { taskId } = work;
  const picture = await storage.get(IMAGES_BUCKET, picturePath(taskId));
  if (!picture) throw new AppError("internal", "The picture is not where it was stored");
  const path = thumbnailPath(taskId);
  await storage.put(IMAGES_BUCKET, path, await thumbnail(picture.bytes));

  const result = { taskId, imageUrl: pictureUrl(taskId), thumbnailUrl: thumbnailUrl(taskId) };
  const status = await images.complete(work, path, result);
  if (status === "lost") throw new AppError("conflict", "Another job draws this picture");
  return status === "completed" ? result : { status, reason: "the job has ended" };
}
