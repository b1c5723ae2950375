import { pipeline, Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { AppError } from "#lib/errors.ts";

const UNPACK = new Map([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

/**
 * The body of an answer, unpacked piece by piece; throws after more than `maxBytes`, counted both packed and unpacked.
 */
export async function* limited(
  body: AsyncIterable<Uint8Array>,
  encoding: string | null,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "") return yield* upTo(maxBytes, body);
  const unpack = UNPACK.get(name);
  if (!unpack) throw new AppError("provider_rejected", "The answer has an encoding that was not asked for");
  const unpacked = pipeline(Readable.from(upTo(maxBytes, body)), unpack(), () => undefined);
  return yield* upTo(maxBytes, unpacked);
}

async function* upTo(maxBytes: number, body: AsyncIterable<unknown>): AsyncGenerator<Buffer, undefined> {
  let size = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new AppError("provider_answer_too_large", `The answer is larger than ${maxBytes} bytes`);
    }
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

export async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
