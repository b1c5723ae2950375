import { Readable } from "node:stream";
import { type Ask, bodyLimitBytes, refuse } from "../http.ts";
import { webStream } from "../web.ts";
import type { Bucket } from "./buckets.ts";
import { invalidKey, StorageError, tooLarge } from "./errors.ts";
import type { Files, StoredFile } from "./files.ts";

/** The default limit of hosted projects. */
export const defaultLimitBytes = 50 * 1024 * 1024;

export type Upload = StoredFile & { mimeType: string; cacheControl: string };

/**
 * Reads an upload into a new file, and applies the bucket's rules. The upload is raw, or multipart (as supabase-js
 * sends a Blob).
 */
export const receiveUpload = async (ask: Ask, bucket: Bucket, files: Files): Promise<Upload> => {
  const { content, mimeType, cacheControl } = await contentOf(ask);
  if (!allowed(bucket, mimeType)) {
    content.resume();
    throw new StorageError(415, "invalid_mime_type", `mime type ${mimeType} is not supported`);
  }
  const stored = await files.write(
    content,
    Math.min(bucket.file_size_limit ?? defaultLimitBytes, defaultLimitBytes),
  );
  return { ...stored, mimeType, cacheControl };
};

const contentOf = async (ask: Ask) => {
  const type = ask.header("content-type") ?? "application/octet-stream";
  if (/^multipart\/form-data/i.test(type)) return formContent(ask, type);
  if (ask.header("x-metadata") !== undefined) refuse(ownMetadata);
  return {
    content: ask.stream(),
    mimeType: type,
    cacheControl: ask.header("cache-control") ?? "no-cache",
  };
};

/** Node's own parser holds a form in memory, so the form's size is limited. */
const formContent = async (ask: Ask, type: string) => {
  if (Number(ask.header("content-length") ?? 0) > bodyLimitBytes) {
    ask.stream().resume();
    throw tooLarge();
  }
  const form = await new Response(webStream(ask.stream()), {
    headers: { "content-type": type },
  }).formData();
  const file = [...form.values()].find((value) => value instanceof Blob);
  if (!(file instanceof Blob)) throw new StorageError(400, "InvalidRequest", "The form holds no file");
  const cacheControl = form.get("cacheControl");
  if (form.has("metadata")) refuse(ownMetadata);
  return {
    content: Readable.from(file.stream()),
    mimeType: file.type || "application/octet-stream",
    cacheControl: typeof cacheControl === "string" ? `max-age=${cacheControl}` : "no-cache",
  };
};

const ownMetadata = "an object's own metadata";

const allowed = ({ allowed_mime_types }: Bucket, mimeType: string) => {
  if (allowed_mime_types === null || allowed_mime_types.length === 0) return true;
  const [plain = ""] = mimeType.split(";");
  return allowed_mime_types.some((type) =>
    type.endsWith("/*") ? plain.startsWith(type.slice(0, -1)) : type === plain || type === "*/*",
  );
};

/** The names that Storage accepts: S3's safe characters, and no segment `.` or `..`. */
export const checkedKey = (key: string): string => {
  const walks = key.split("/").some((segment) => segment === "" || segment === "." || segment === "..");
  if (walks || key.length > 1024 || !/^[\w/!\-.*'() &$@=;:+,?]+$/.test(key)) throw invalidKey(key);
  return key;
};
