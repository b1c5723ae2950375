import type { FileRange, RangeReader, Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { sizeOfRange } from "#lib/outside/byte-range.ts";
import { bodyOf, type SafeFetch } from "#lib/outside/safe-fetch.ts";

/** How much of a file each part holds in memory. */
const WINDOW_BYTES = 1024 * 1024;
/** The limit for a file on a server without range requests, which must be read from its beginning each time. */
const MAX_UNRANGED_BYTES = 20 * 1024 * 1024;
/** A larger file is refused, because its import would take hours. */
export const MAX_FILE_BYTES = 2 * 1024 ** 3;

export const IMPORTS_BUCKET = "imports";
const STORAGE = "storage://";
export const storageUrl = (path: string): string => `${STORAGE}${path}`;

/** The file's version and size when it was first read. */
export type FileFacts = { version: string; size: number };
export type Source = {
  facts: FileFacts;
  bytes: (from: number, until?: number) => AsyncGenerator<Uint8Array>;
  /** Whether the host ignored the range and sent the whole file. Known after the first bytes were read. */
  isInMemory: () => boolean;
};

/** The version and size of the file from the import's row; null before the file was first read. */
export const factsOf = (row: { version: string | null; byte_count: number | null }): FileFacts | null =>
  row.version === null || row.byte_count === null ? null : { version: row.version, size: row.byte_count };

type Outside = { storage: Pick<Storage, "open">; safeFetch: SafeFetch };

/**
 * Opens a file for reading in pieces. Every answer is compared with the file's version and size at the first reading. If
 * the file has changed since then, reading throws `file_changed`.
 */
export async function openSource(outside: Outside, url: string, known: FileFacts | null): Promise<Source> {
  const { read, isInMemory } = url.startsWith(STORAGE)
    ? {
        read: await outside.storage.open(IMPORTS_BUCKET, url.slice(STORAGE.length)),
        isInMemory: () => false,
      }
    : rangesOf(outside.safeFetch, url);
  let first: FileRange | undefined = known ? undefined : await read(0, WINDOW_BYTES);
  const facts = known ?? { version: first?.version ?? "", size: first?.size ?? 0 };
  if (facts.size > MAX_FILE_BYTES) {
    throw new AppError("payload_too_large", `The file is larger than ${MAX_FILE_BYTES / 1024 ** 3} GB`, {
      hint: "Split the file.",
    });
  }

  async function* bytes(from: number, until = facts.size) {
    for (let at = from; at < Math.min(until, facts.size); ) {
      const range = at === 0 && first ? first : await read(at, Math.min(WINDOW_BYTES, until - at));
      first = undefined;
      if (range.version !== facts.version || range.size !== facts.size || range.bytes.byteLength === 0) {
        throw new AppError("file_changed", "The file has changed since it was first read");
      }
      at += range.bytes.byteLength;
      yield range.bytes;
    }
  }
  return { facts, bytes, isInMemory };
}

/**
 * Reads ranges of a file at an address that a user gave. A host that answers with the whole file is called only once.
 */
function rangesOf(safeFetch: SafeFetch, url: string): { read: RangeReader; isInMemory: () => boolean } {
  let whole: FileRange | undefined;
  const cut = ({ bytes, ...rest }: FileRange, from: number, length: number): FileRange => ({
    ...rest,
    bytes: bytes.subarray(from, from + length),
  });

  const read: RangeReader = async (from, length) => {
    if (whole) return cut(whole, from, length);
    const answer = await safeFetch(url, {
      headers: { range: `bytes=${from}-${from + length - 1}`, "accept-encoding": "identity" },
      maxBytes: MAX_UNRANGED_BYTES,
      redirects: 3,
    });
    const { status, headers } = answer;
    const version = headers.get("etag") ?? headers.get("last-modified") ?? "";
    if (status !== 200 && status !== 206) {
      await answer.discard();
      if (status === 416) return { bytes: new Uint8Array(), size: from, version };
      throw refusalOf(status, headers);
    }
    const bytes = await bodyOf(answer);
    if (status === 200) {
      whole = { bytes, size: bytes.byteLength, version };
      return cut(whole, from, length);
    }
    const size = sizeOfRange(headers, bytes, { from, length });
    if (size !== undefined) return { bytes, size, version };
    throw new AppError(
      "provider_rejected",
      "The host of the file answers other bytes than it was asked for",
      {
        hint: "Its answer 206 needs a Content-Range with the range that was asked for and the size of the file.",
      },
    );
  };
  return { read, isInMemory: () => whole !== undefined };
}

function refusalOf(status: number, headers: Headers): AppError {
  const isTransient = status === 408 || status === 429 || status >= 500;
  const seconds = Number(headers.get("retry-after"));
  return new AppError(
    isTransient ? "provider_unavailable" : "provider_rejected",
    `The host of the file answers ${status}`,
    {
      retryAfterMs: isTransient && seconds > 0 && seconds < 3600 ? seconds * 1000 : undefined,
      hint: "Open the address in a browser: it must give the file itself, without a login.",
    },
  );
}
