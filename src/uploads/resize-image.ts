import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Storage } from "#lib/database/storage.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { AppError } from "#lib/errors.ts";
import { IMAGES_BUCKET } from "#lib/pictures/kind.ts";
import { thumbnail, withoutMetadata } from "#lib/pictures/thumbnail.ts";
import { resizeImageRequested } from "#uploads/events.ts";
import { originalPath, uploadThumbnailPath, uploadUrl } from "#uploads/paths.ts";
import type { UploadRepository } from "#uploads/repository.ts";

type Work = {
  uploads: Pick<UploadRepository, "get" | "complete">;
  storage: Pick<Storage, "get" | "put" | "remove">;
};
type Dependencies = Work & { inngest: InngestClient; flow: FlowControl; onFailure: OnFailure };

/** A picture of 50 megapixels takes 200 MB while it is resized, so only a few run at once. */
const AT_ONCE = 3;

/**
 * Makes the smaller picture of an upload, and removes the metadata of the original. The return value is the job's
 * result (S3-6).
 */
export const resizeImage = ({ inngest, flow, onFailure, ...work }: Dependencies) =>
  inngest.createFunction(
    {
      id: "resize-image",
      triggers: [resizeImageRequested],
      ...flow.prioritized(AT_ONCE),
      ...tries("image"),
      cancelOn: cancelOfThisJob("resize-image"),
      onFailure,
    },
    ({ event, step }) => step.run("resize", () => resize(work, event.data.uploadId)),
  );

/** Safe to repeat: the same upload writes the same file and row, and notifies its owner once. */
async function resize({ uploads, storage }: Work, id: string) {
  const upload = await uploads.get(id, null);
  if (!upload) return removeFiles(storage, id);
  const original = await storage.get(IMAGES_BUCKET, upload.original_path);
  if (!original) throw new AppError("not_found", `Storage has no picture of upload ${id}`);
  const { width, height, ...small } = await thumbnail(original.bytes, {
    width: upload.box_width,
    height: upload.box_height,
  });
  // The metadata of the original, such as the place, is removed before the upload is completed, and the original is not
  // shown before that.
  const bytes = await withoutMetadata(original.bytes);
  if (bytes !== original.bytes) {
    await storage.put(IMAGES_BUCKET, upload.original_path, { bytes, contentType: original.contentType });
  }
  const path = uploadThumbnailPath(id);
  await storage.put(IMAGES_BUCKET, path, small);
  const isCompleted = await uploads.complete(id, path, { width, height }, bytes.byteLength);
  if (!isCompleted) return removeFiles(storage, id);
  return {
    uploadId: id,
    width,
    height,
    bytes: small.bytes.byteLength,
    contentType: small.contentType,
    thumbnailUrl: `${uploadUrl(id)}/thumbnail`,
  };
}

/**
 * After the upload was deleted. Housekeeping may already have removed its files, so the files that this attempt or an
 * earlier one stored since then are removed here.
 */
async function removeFiles(storage: Work["storage"], id: string) {
  await storage.remove(IMAGES_BUCKET, [originalPath(id), uploadThumbnailPath(id)]);
  return { status: "skipped", reason: "the upload was deleted" } as const;
}
