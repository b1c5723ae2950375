import type { Env } from "#lib/env.ts";
import type { UploadQuota } from "#uploads/repository.ts";

type Settings = Pick<Env, "UPLOAD_MAX_COUNT" | "UPLOAD_MAX_MEGABYTES" | "UPLOAD_KEEP_DAYS">;

export const quotaOf = (env: Settings): UploadQuota => ({
  uploads: env.UPLOAD_MAX_COUNT,
  bytes: env.UPLOAD_MAX_MEGABYTES * 1_000_000,
});

/** How long an upload is kept, in milliseconds. */
export const keepMsOf = (env: Settings): number => env.UPLOAD_KEEP_DAYS * 24 * 60 * 60 * 1000;
