import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
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

/** How many uploads an owner may have, and how many bytes their originals may hold together. */
export type UploadQuota = { uploads: number; bytes: number };

export type NewUpload = Box & { contentType: string; byteCount: number; path: string };

/** Uploaded pictures. `owner: null` sees all of them; any other owner sees only its own. */
export function uploadRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Returns the row and its held job. A repeated request gets the row and job of the first request. */
    accept: (upload: NewUpload, quota: UploadQuota, request: JobRequest) =>
      call("accept_image_upload", { upload, quota, request }, acceptance),

    /** Returns false when the upload was deleted meanwhile. */
    release: (id: string): Promise<boolean> => call("release_image_upload", { id }, z.boolean()),

    get: (id: string, owner: string | null): Promise<Upload | null> =>
      callTimeless("get_image_upload", { id, owner }, uploadRow.nullable()),

    /** `byteCount` is the size of the stored original. Returns false when the upload was deleted meanwhile. */
    complete: (id: string, path: string, { width, height }: Box, byteCount: number): Promise<boolean> =>
      call("complete_image_upload", { id, path, width, height, byteCount }, z.boolean()),

    /** Returns false when there was no such upload. */
    remove: (id: string, owner: string | null): Promise<boolean> =>
      call("delete_image_upload", { id, owner }, z.boolean()),

    /** Deletes uploads whose bytes never arrived, and returns how many. */
    abandon(olderThanMs: number, limit: number): Promise<number> {
      const before = new Date(clock.now().getTime() - olderThanMs).toISOString();
      return call("abandon_image_uploads", { before, limit }, z.number());
    },

    /** Deletes uploads that are older than `olderThanMs`, with their files, and returns how many. */
    expire(olderThanMs: number, limit: number): Promise<number> {
      const before = new Date(clock.now().getTime() - olderThanMs).toISOString();
      return callTimeless("expire_image_uploads", { before, limit }, z.number());
    },
  };
}
