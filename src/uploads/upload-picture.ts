import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import { request } from "#jobs/request.ts";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import type { Requester } from "#lib/http/route.ts";
import { IMAGES_BUCKET, pictureTypeOf } from "#lib/pictures/kind.ts";
import type { Box } from "#lib/pictures/thumbnail.ts";
import { resizeImageRequested } from "#uploads/events.ts";
import { originalPath } from "#uploads/paths.ts";
import type { UploadQuota, UploadRepository } from "#uploads/repository.ts";

export type UploadDependencies = {
  uploads: Pick<UploadRepository, "accept" | "release">;
  storage: Pick<Storage, "putNew" | "remove">;
  quota: UploadQuota;
};

const overQuota = z.object({ maxUploads: z.number() }).or(z.object({ maxBytes: z.number() }));

/**
 * Accepts a picture: first the row and its held job, then the bytes, then the release of the job. If the process dies
 * in between, the row tells which file may exist, and housekeeping removes both. A request that is repeated with the
 * same idempotency key continues where the first one ended. Bytes that arrive late never replace the stored picture,
 * because its metadata may already be removed. Returns the job's id, which is also the upload's id.
 */
export async function uploadPicture(
  { uploads, storage, quota }: UploadDependencies,
  requester: Requester,
  bytes: Uint8Array,
  box: Box,
  idempotencyKey: string | undefined,
): Promise<string> {
  const contentType = pictureTypeOf(bytes);
  if (contentType === undefined) {
    throw new AppError("unsupported_media_type", "The body is no PNG, JPEG or WebP", {
      hint: "Send the bytes of the picture themselves, not a form and not base64.",
    });
  }
  const id = randomUUID();
  const digest = createHash("sha256").update(bytes).digest("hex");
  const { job, isStored } = await uploads
    .accept(
      { ...box, contentType, byteCount: bytes.byteLength, path: originalPath(id) },
      quota,
      request(
        resizeImageRequested,
        { uploadId: id },
        { requester, key: idempotencyKey, comparedData: { ...box, digest }, id, held: true },
      ),
    )
    .catch((error: unknown) => {
      throw withHint(error);
    });
  if (isStored) return job.id;
  const path = originalPath(job.id);
  await storage.putNew(IMAGES_BUCKET, path, { bytes, contentType });
  // The upload was deleted while its bytes were stored, so the file has no row any more.
  if (!(await uploads.release(job.id))) await storage.remove(IMAGES_BUCKET, [path]);
  return job.id;
}

/**
 * Adds a hint to a refusal because of the quota: how to stay below it. Other refusals with this code have other hints.
 */
function withHint(error: unknown): unknown {
  if (!(error instanceof AppError) || !overQuota.safeParse(error.details).success) return error;
  const { code, message, details, retryAfterMs } = error;
  const hint = "Delete uploads that are not needed any more: DELETE /api/uploads/:id.";
  return new AppError(code, message, { cause: error, details, retryAfterMs, hint });
}
