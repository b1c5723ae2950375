import { z } from "zod";
import type { DatabaseClient } from "#lib/database/client.ts";
import { AppError } from "#lib/errors.ts";

export type StoredFile = { bytes: Uint8Array; contentType: string };
export type Storage = ReturnType<typeof createStorage>;

/** Files in Supabase Storage. Paths come from the work (an id), so that doing it again writes the same file again. */
export const createStorage = ({ storage }: Pick<DatabaseClient, "storage">) => ({
  /** Idempotent: a file that is there already is replaced. */
  async put(bucket: string, path: string, { bytes, contentType }: StoredFile): Promise<void> {
    const { error } = await storage.from(bucket).upload(path, bytes, { contentType, upsert: true });
    if (error) throw toAppError(error, `${bucket}/${path} cannot be stored`);
  },

  /** The same for a file that is too large to hold: it is read while it is sent. */
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

  /** An address that opens this file to whoever has it, for so many seconds. */
  async signedUrl(bucket: string, path: string, seconds: number): Promise<string> {
    const { data, error } = await storage.from(bucket).createSignedUrl(path, seconds);
    if (error) throw toAppError(error, `${bucket}/${path} cannot be signed`);
    return data.signedUrl;
  },

  /** Idempotent: what is not there is removed already. */
  async remove(bucket: string, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const { error } = await storage.from(bucket).remove([...paths]);
    if (error) throw toAppError(error, `Files of ${bucket} cannot be removed`);
  },
});

/** Storage says 400 outside and the true status inside, or the other way round; no status at all means no answer. */
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
