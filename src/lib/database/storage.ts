import { z } from "zod";
import type { DatabaseClient } from "#lib/database/client.ts";
import { AppError } from "#lib/errors.ts";
import { sizeOfRange } from "#lib/outside/byte-range.ts";

export type StoredFile = { bytes: Uint8Array; contentType: string };
export type Storage = ReturnType<typeof createStorage>;

/**
 * Files in Supabase Storage. A path is made from the id of the work, so that a repeated upload replaces the same file.
 */
export const createStorage = (
  { storage }: Pick<DatabaseClient, "storage">,
  fetch: typeof globalThis.fetch = globalThis.fetch,
) => ({
  /** Idempotent: replaces a file that already exists. */
  async put(bucket: string, path: string, { bytes, contentType }: StoredFile): Promise<void> {
    const { error } = await storage.from(bucket).upload(path, bytes, { contentType, upsert: true });
    if (error) throw toAppError(error, `${bucket}/${path} cannot be stored`);
  },

  /** Stores a new file. Idempotent: a file that already exists is kept. */
  async putNew(bucket: string, path: string, { bytes, contentType }: StoredFile): Promise<void> {
    const { error } = await storage.from(bucket).upload(path, bytes, { contentType });
    if (error && !saysExists(error)) throw toAppError(error, `${bucket}/${path} cannot be stored`);
  },

  /**
   * Stores a file that is too large to hold in memory: the file is read while it is sent. Idempotent. When the stream
   * fails, throws the error of the stream, because the error of the upload would look like an outage of Storage.
   */
  async putStream(
    bucket: string,
    path: string,
    stream: ReadableStream<Uint8Array>,
    contentType: string,
  ): Promise<void> {
    let failure: { error: unknown } | undefined;
    const watched = withFailure(stream, (error) => (failure = { error }));
    const { error } = await storage.from(bucket).upload(path, watched, { contentType, upsert: true });
    if (failure) throw failure.error;
    if (error) throw toAppError(error, `${bucket}/${path} cannot be stored`);
  },

  async get(bucket: string, path: string): Promise<StoredFile | undefined> {
    const { data, error } = await storage.from(bucket).download(path);
    if (!error) return { bytes: new Uint8Array(await data.arrayBuffer()), contentType: data.type };
    if (statusOf(error) === 404) return undefined;
    throw toAppError(error, `${bucket}/${path} cannot be read`);
  },

  /** Opens a file of any size for reading in pieces. */
  async open(bucket: string, path: string): Promise<RangeReader> {
    const { data, error } = await storage.from(bucket).createSignedUrl(path, READING_SECONDS);
    if (error && statusOf(error) === 404) throw new AppError("not_found", `Storage has no ${bucket}/${path}`);
    if (error) throw toAppError(error, `${bucket}/${path} cannot be read`);
    return (from, length) => readRange(fetch, data.signedUrl, from, length);
  },

  /** An address that accepts this file once, by PUT, from a caller without a key. The address is valid for two hours. */
  async uploadUrl(bucket: string, path: string): Promise<string> {
    const { data, error } = await storage.from(bucket).createSignedUploadUrl(path);
    if (error) throw toAppError(error, `${bucket}/${path} cannot be signed`);
    return data.signedUrl;
  },

  /**
   * A URL with which everyone may read this file for `seconds`. With `download`, a browser saves the file under that
   * name instead of showing it.
   */
  async signedUrl(bucket: string, path: string, seconds: number, download?: string): Promise<string> {
    const options = download === undefined ? {} : { download };
    const { data, error } = await storage.from(bucket).createSignedUrl(path, seconds, options);
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

/** How long a signed address for reading is valid: longer than any step takes. */
const READING_SECONDS = 600;

/** Reads `length` bytes from an offset, fewer at the end of the file. Storage accepts a range of any file. */
export type RangeReader = (from: number, length: number) => Promise<FileRange>;
/** `version` changes with the content of the file; `size` is the size of the whole file. */
export type FileRange = { bytes: Uint8Array; size: number; version: string };

async function readRange(
  fetch: typeof globalThis.fetch,
  url: string,
  from: number,
  length: number,
): Promise<FileRange> {
  const { status, headers, bytes } = await askRange(fetch, url, from, length);
  const version = headers.get("etag") ?? "";
  if (status === 416) return { bytes: new Uint8Array(), size: from, version };
  if (status === 404 || status === 400) throw new AppError("not_found", "Storage has no such file any more");
  // With status 200 the answer is the whole file: the file is empty, or is not longer than the requested range.
  const isWhole = status === 200 && from === 0 && bytes.byteLength <= length;
  const size = isWhole ? bytes.byteLength : sizeOfRange(headers, bytes, { from, length });
  // Storage always sends the version. An answer without a version comes from something before Storage, such as a proxy.
  const isOfStorage = (status === 200 || status === 206) && version !== "";
  if (isOfStorage && size !== undefined) return { bytes, size, version };
  throw new AppError(
    "storage_unavailable",
    `Storage answers ${status} to a range of a file, with other bytes`,
  );
}

async function askRange(fetch: typeof globalThis.fetch, url: string, from: number, length: number) {
  try {
    const response = await fetch(url, { headers: { range: `bytes=${from}-${from + length - 1}` } });
    const { status, headers } = response;
    return { status, headers, bytes: new Uint8Array(await response.arrayBuffer()) };
  } catch (cause) {
    throw new AppError("storage_unavailable", "The file cannot be read", { cause });
  }
}

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

const saysExists = (error: unknown): boolean => {
  const { status, statusCode } = storageError.parse(error);
  return status === 409 || statusCode === 409;
};

function toAppError(error: unknown, message: string): AppError {
  const status = statusOf(error);
  const isTheirs = status === undefined || status >= 500 || status === 429 || status === 408;
  if (isTheirs) return new AppError("storage_unavailable", message, { cause: error });
  if (status === 413) return new AppError("payload_too_large", message, { cause: error });
  return new AppError("internal", message, { cause: error });
}

/** Returns a stream with the same bytes. An error of the stream is also passed to `onFailure`. */
function withFailure(stream: ReadableStream<Uint8Array>, onFailure: (error: unknown) => void) {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
