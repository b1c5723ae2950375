import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Bytes } from "#lib/tables/bytes.ts";
import { unreadable } from "#lib/tables/table.ts";

/** The unpacked size of a real table is at most 50 times the packed size; that of a zip bomb is 1,000 times. */
const MAX_RATIO = 200;
/** The ratio is checked only after this many bytes, because a small file may be very repetitive. */
const FREE_BYTES = 8 * 1024 * 1024;

export const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Unpacks while it reads, and throws when the unpacked file grows too much. */
export async function* gunzip(packed: Bytes): AsyncGenerator<Buffer> {
  let read = 0;
  let written = 0;
  async function* counted() {
    for await (const chunk of packed) {
      read += chunk.byteLength;
      yield chunk;
    }
  }
  const unpacked = pipeline(Readable.from(counted()), createGunzip(), () => undefined);
  try {
    for await (const chunk of unpacked.iterator()) {
      if (!Buffer.isBuffer(chunk)) continue;
      written += chunk.length;
      if (written > FREE_BYTES && written > read * MAX_RATIO) {
        throw unreadable(
          "compressed_too_much",
          `The file grows to more than ${MAX_RATIO} times its size when it is unpacked`,
          "Send it unpacked.",
        );
      }
      yield chunk;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const hint = "Pack it again and upload the whole of it, or send it unpacked.";
    throw unreadable("broken_gzip", "The file is damaged gzip, or a part of it is missing", hint, error);
  }
}

const isZlibError = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_");
