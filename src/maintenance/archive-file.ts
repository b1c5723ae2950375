import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { Json } from "#lib/database/database.types.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { Cursor } from "./archive-repository.ts";

export const ARCHIVE_BUCKET = "archive";

/** Rows per statement: about 1 MB. */
const PAGE = 1_000;
/**
 * Rows per file. Writing such a file takes a few seconds, and the file is far smaller than the 50 MB that Supabase's
 * free plan allows.
 */
const FILE = 50_000;

type ReadPage = (after: Cursor | null, limit: number) => Promise<[Cursor, Json][]>;
type File = { path: string; after: Cursor | null; read: ReadPage };
/** `after` is where the next file begins; null when these were the last rows. */
export type Written = { rows: number; bytes: number; after: Cursor | null };

/**
 * Writes rows to Storage as compressed lines of JSON: all rows that are left, or as many as one file takes. Only one
 * page is in memory. The same rows are written to the same path, so a repeated write replaces the file. Without rows no
 * file is written.
 */
export async function writeArchiveFile(
  storage: Pick<Storage, "putStream">,
  { path, after, read }: File,
): Promise<Written> {
  const written: Written = { rows: 0, bytes: 0, after };
  let page = await read(after, PAGE);
  if (page.length === 0) return { ...written, after: null };

  async function* lines() {
    for (;;) {
      for (const [, row] of page) yield `${JSON.stringify(row)}\n`;
      written.rows += page.length;
      written.after = page.length < PAGE ? null : (page.at(-1)?.[0] ?? null);
      if (written.after === null || written.rows >= FILE) return;
      page = await read(written.after, PAGE);
    }
  }
  const source = Readable.from(lines());
  const gzip = createGzip();
  source.on("error", (error) => gzip.destroy(error));
  const chunks: AsyncIterator<Uint8Array> = source.pipe(gzip)[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) return controller.close();
      written.bytes += next.value.byteLength;
      controller.enqueue(next.value);
    },
    cancel: () => void source.destroy(),
  });
  await storage.putStream(ARCHIVE_BUCKET, path, stream, "application/gzip");
  return written;
}
