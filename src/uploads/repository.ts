import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
import type { Box } from "#lib/pictures/thumbnail.ts";

export type UploadRepository = ReturnType<typeof uploadRepository>;

const time = z.string();
const uploadRow = z.object({
  id: z.uuid(),
  status: z.enum(["processing", "completed", "failed", "canceled", "skipped"]),
  content_type: z.string(),
  byte_count: z.number(),
  box_width: z.number(),
  box_height: z.number(),
  original_path: z.string(),
  thumbnail_path: z.string().nullable(),
  thumbnail_width: z.number().nullable(),
  thumbnail_height: z.number().nullable(),
  created_at: time,
  completed_at: time.nullable(),
});
export type Upload = z.output<typeof uploadRow>;

const acceptance = z.object({ job: z.object({ id: z.uuid() }), isStored: z.boolean() });
const releasedJob = z.object({
  id: z.uuid(),
  event_name: z.string(),
  event_data: z.json(),
  released_at: z.string().nullable(),
  sent_at: z.string().nullable(),
});

export type NewUpload = Box & { contentType: string; byteCount: number; path: string; digest: string };
type Request = { jobId: string; owner: string; requester: string; idempotencyKey: string | undefined };

/** Uploaded pictures. `owner: null` sees everybody's; with an owner, other people's do not exist. */
export function uploadRepository(db: DatabaseClient, clock: Clock) {
  const now = () => clock.now().toISOString();
  return {
    /** The row and its held job, or those of the request that is repeated here. */
    async accept(request: Request, upload: NewUpload, limits: Json) {
      const data = await unwrap(
        db.rpc("accept_image_upload", {
          p_job_id: request.jobId,
          p_owner: request.owner,
          p_requester: request.requester,
          p_upload: upload,
          p_idempotency_key: request.idempotencyKey ?? null,
          p_limits: limits,
          p_now: now(),
        }),
      );
      return acceptance.parse(data);
    },

    async release(id: string) {
      return releasedJob.parse(await unwrap(db.rpc("release_image_upload", { p_id: id, p_now: now() })));
    },

    async get(id: string, owner: string | null): Promise<Upload | null> {
      return uploadRow
        .nullable()
        .parse(await unwrap(db.rpc("get_image_upload", { p_id: id, p_owner: owner })));
    },

    /** False when the upload was deleted meanwhile. */
    async complete(id: string, path: string, { width, height }: Box): Promise<boolean> {
      return unwrap(
        db.rpc("complete_image_upload", {
          p_id: id,
          p_path: path,
          p_width: width,
          p_height: height,
          p_now: now(),
        }),
      );
    },

    /** False when there was none. */
    async remove(id: string, owner: string | null): Promise<boolean> {
      return unwrap(db.rpc("delete_image_upload", { p_id: id, p_owner: owner }));
    },

    /** How many uploads never arrived, and are forgotten now. */
    async abandon(olderThanMs: number, limit: number): Promise<number> {
      const before = new Date(clock.now().getTime() - olderThanMs).toISOString();
      return unwrap(db.rpc("abandon_image_uploads", { p_before: before, p_limit: limit, p_now: now() }));
    },
  };
}
