import { CHUNK_BYTES } from "#lib/tables/limits.ts";

export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Reads the first bytes of a stream, at least `size` unless it is shorter. Returns them, and the whole stream. */
export async function peek(source: Bytes, size: number): Promise<{ head: Buffer; all: Bytes }> {
  const rest = iterate(source);
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < size) {
    const next = await rest.next();
    if (next.done) break;
    chunks.push(next.value);
    length += next.value.byteLength;
  }
  const head = Buffer.concat(chunks);
  async function* all() {
    yield head;
    yield* rest;
  }
  return { head, all: all() };
}

async function* iterate(source: Bytes): AsyncGenerator<Uint8Array, void> {
  yield* source;
}

/** The bytes from `from` to `until`, in small pieces, so that no piece blocks the event loop. */
export async function* slices(source: Bytes, from: number, until: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = Math.min(bytes.length, until - at);
    for (let start = Math.max(from - at, 0); start < end; start += CHUNK_BYTES) {
      yield bytes.subarray(start, Math.min(start + CHUNK_BYTES, end));
    }
    at += bytes.length;
    if (at >= until) return;
  }
}

/** Where the next line begins after `from`; undefined when these bytes do not contain its end. */
export function nextLineAt(bytes: Buffer, from: number, isLast: boolean): number | undefined {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === LF) return at + 1;
    if (bytes[at] !== CR) continue;
    if (at + 1 < bytes.length) return bytes[at + 1] === LF ? at + 2 : at + 1;
    return isLast ? at + 1 : undefined;
  }
  return isLast ? bytes.length : undefined;
}

/** Counts the lines that end within these bytes. */
export function countLineEnds(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] !== LF)) count += 1;
  }
  return count;
}

const [LF, CR] = [0x0a, 0x0d];
