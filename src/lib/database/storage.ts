import { z } from "zod";
import type { DatabaseClient } from "#lib/database/client.ts";
import { AppError } from "#lib/errors.ts";

export type StoredFile = { bytes: Uint8Array; contentType: string };
export type Storage = ReturnType<typeof createStorage>;

/**
 * Files in Supabase Storage. A path is made from the id of the work, so that a repeated upload replaces the same file.
 */
export const createStorage = ({ storage }: Pick<DatabaseClient, "storage">) => ({
  /** Idempotent: replaces a file that already exists. */
  async put(bucket: string, path: string, { bytes, contentType }: StoredFile): Promise<void> {
    const { error } = await storage.from(bucket).upload(path, bytes, { contentType, upsert: true });
    if (error) throw toAppError(error, `${bucket}/${path} cannot be stored`);
  },

  /** Idempotent, for a file that is too large to hold in memory: it is read while it is sent. */
  async putStream(
    bucket: string,
    path: string,
    stream: ReadableStream<Uint8Array>,
    contentType: string,
  ): Promise<void> {
    const { error } = await storage.from(bucket).upload(path, stream, { contentType, upsert: true });
    if (error) throw toAppError(error, `${bucket}/${path} cannot be stored`);
  },

  async get(bucket: string, path: string): Promise<StoredFile | undefined> {
    const { data, error } = await storage.from(bucket).download(path);
    if (!error) return { bytes: new Uint8Array(await data.arrayBuffer()), contentType: data.type };
    if (statusOf(error) === 404) return undefined;
    throw toAppError(error, `${bucket}/${path} cannot be read`);
  },

  /** A URL that lets everyone who has it read this file, for so many seconds. */
  async signedUrl(bucket: string, path: string, seconds: number): Promise<string> {
    const { data, error } = await storage.from(bucket).createSignedUrl(path, seconds);
    if (error) throw toAppError(error, `${bucket}/${path} cannot be signed`);
    return data.signedUrl;
  },

  /** Idempotent: removing a file that does not exist is no error. */
  async remove(bucket: string, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const { error } = await storage.from(bucket).remove([...paths]);
    if (error) throw toAppError(error, `Files of ${bucket} cannot be removed`);
  },
});

/**
 * Storage may send HTTP status 400 with the true status in the body, or the true status with 400 in the body. An error
 * without any status means that no answer came.
 */
const storageError = z.object({
  status: z.coerce.number().optional().catch(undefined),
  statusCode: z.coerce.number().optional().catch(undefined),
});

function statusOf(error: unknown): number | undefined {
  const { status, statusCode } = storageError.parse(error);
  return statusCode ?? status;
}

function toAppError(error: unknown, message: string): AppError {
  const status = statusOf(error);
  const isTheirs = status === undefined || status >= 500 || status === 429 || status === 408;
  if (isTheirs) return new AppError("storage_unavailable", message, { cause: error });
  if (status === 413) return new AppError("payload_too_large", message, { cause: error });
  return new AppError("internal", message, { cause: error });
}
