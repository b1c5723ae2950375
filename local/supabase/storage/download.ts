import path from "node:path";
import type { Answer, Ask } from "../http.ts";
import { invalidHeader } from "./errors.ts";
import type { Files } from "./files.ts";

export type StoredObject = {
  id: string;
  bucket_id: string;
  name: string;
  version: string;
  created_at: Date;
  updated_at: Date;
  metadata: { size: number; mimetype: string; cacheControl: string; eTag: string; lastModified: string };
};

/** Answers with an object's bytes: all of them, one range, or none when the caller already has them. */
export const download = (ask: Ask, { name, version, metadata }: StoredObject, files: Files): Answer => {
  const headers: Record<string, string> = {
    "content-type": metadata.mimetype,
    "cache-control": metadata.cacheControl,
    etag: metadata.eTag,
    "last-modified": new Date(metadata.lastModified).toUTCString(),
    "accept-ranges": "bytes",
  };
  checkHeaders(headers);
  const wantedName = ask.query.get("download");
  if (wantedName !== null)
    headers["content-disposition"] = attachment(wantedName || path.posix.basename(name));
  if (ask.header("if-none-match") === metadata.eTag) return { status: 304, headers };

  const range = parseRange(ask.header("range"), metadata.size);
  if (range === "unsatisfiable") {
    return { status: 416, headers: { ...headers, "content-range": `bytes */${metadata.size}` } };
  }
  const length = range === undefined ? metadata.size : range.end - range.start + 1;
  headers["content-length"] = String(length);
  if (range !== undefined) headers["content-range"] = `bytes ${range.start}-${range.end}/${metadata.size}`;
  const status = range === undefined ? 200 : 206;
  if (ask.method === "HEAD" || length === 0) return { status, headers };
  return { status, headers, body: files.read(version, range) };
};

/** An upload may name any text as its `cacheControl`. Storage accepts the upload, and refuses the download. */
const checkHeaders = (headers: Readonly<Record<string, string>>) => {
  for (const [name, value] of Object.entries(headers))
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw invalidHeader(name, value);
};

/** Reads a request for one range, as players and resumed downloads send it. Any other header means the whole file. */
const parseRange = (header: string | undefined, size: number) => {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? "unsatisfiable" : { start, end };
};

const attachment = (name: string) =>
  `attachment; filename="${name.replace(/[^\x20-\x7e]|["\\]/g, "_")}"; filename*=UTF-8''${encodeURIComponent(name)}`;
