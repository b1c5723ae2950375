import { createHash } from "node:crypto";
import { z } from "zod";
import type { ImportRepository } from "#imports/repository.ts";
import { IMPORTS_BUCKET, storageUrl } from "#imports/source.ts";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { text } from "#lib/http/fields.ts";
import { ownerOf, type Requester } from "#lib/http/route.ts";

type Dependencies = {
  imports: Pick<ImportRepository, "addFile" | "findFile">;
  storage: Pick<Storage, "open" | "put">;
};

/** The most characters of a file in a request's body. A file with more characters than this must be uploaded first. */
const MAX_CONTENT_LENGTH = 900_000;

export const fileName = text(200).min(1);
/** Where the rows come from: an upload, an address, or the file's text itself. */
export const sourceSchema = z.union(
  [
    z.strictObject({ uploadId: z.uuid() }),
    z.strictObject({ url: text(2_000).regex(/^https:\/\//, "must begin with https://") }),
    z.strictObject({ content: text(MAX_CONTENT_LENGTH), fileName: fileName.default("pasted.csv") }),
  ],
  { error: "name one source: {uploadId}, {url} or {content}" },
);
type SaidSource = z.output<typeof sourceSchema>;
export type FoundFile = { fileUrl: string; fileName: string; fileId?: string; fingerprint?: string };

/** The file of a source. Text in the body becomes a file like any other. `fingerprint` is equal for equal files. */
export async function findFile(
  deps: Dependencies,
  source: SaidSource,
  requester: Requester,
): Promise<FoundFile> {
  if ("url" in source) return { fileUrl: source.url, fileName: nameOf(source.url) };
  if ("uploadId" in source) {
    const file = await deps.imports.findFile(source.uploadId, ownerOf(requester));
    if (!file) throw new AppError("not_found", "Upload not found");
    return storedFile(deps.storage, file);
  }
  const file = await deps.imports.addFile(requester.owner, source.fileName);
  const bytes = Buffer.from(source.content);
  await deps.storage.put(IMPORTS_BUCKET, file.path, { bytes, contentType: "application/octet-stream" });
  return storedFile(deps.storage, file);
}

/** A file in Storage. */
export async function storedFile(
  storage: Pick<Storage, "open">,
  file: { id: string; path: string; name: string },
): Promise<FoundFile> {
  const { version, size } = await openUpload(storage, file.path);
  return {
    fileUrl: storageUrl(file.path),
    fileName: file.name,
    fileId: file.id,
    fingerprint: `${version}:${size}`,
  };
}

async function openUpload(storage: Pick<Storage, "open">, path: string) {
  try {
    const read = await storage.open(IMPORTS_BUCKET, path);
    return await read(0, 1);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "not_found") throw error;
    throw new AppError("conflict", "The upload has no file: it was not sent yet, or is deleted already", {
      hint: "PUT the file to the upload's address first; a file is kept for two days.",
    });
  }
}

function nameOf(address: string): string {
  const url = URL.parse(address);
  if (!url) throw new AppError("invalid_request", "The address is not a valid URL");
  return (url.pathname.split("/").at(-1) || url.hostname).slice(0, 200);
}

/** Requests with one Idempotency-Key must have the same digest. */
export const digestOf = (source: SaidSource): string =>
  createHash("sha256").update(JSON.stringify(source)).digest("hex");
