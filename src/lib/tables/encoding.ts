import { isUtf8 } from "node:buffer";
import { HEAD_BYTES } from "#lib/tables/limits.ts";
import { type Encoding, unreadable } from "#lib/tables/table.ts";

const SAVE_AS_UTF8 = "Save the file as UTF-8 and send it again.";

/**
 * Detects the encoding of a text by its beginning, and the length of its byte order mark. Without a mark:
 * - UTF-16 when every other byte is mostly zero;
 * - UTF-8 when the bytes are valid UTF-8;
 * - else Windows-1252, which Excel writes.
 */
export function findEncoding(head: Buffer, given?: Encoding): { encoding: Encoding; bomBytes: number } {
  const marked = MARKS.find(([, mark]) => head.subarray(0, mark.length).equals(mark));
  if (given) return { encoding: given, bomBytes: marked?.[0] === given ? marked[1].length : 0 };
  if (head.subarray(0, 4).equals(UTF_32_LE) || head.subarray(0, 4).equals(UTF_32_BE)) {
    throw unreadable("utf_32", "The file is UTF-32, which is not read", SAVE_AS_UTF8);
  }
  if (marked) return { encoding: marked[0], bomBytes: marked[1].length };
  return { encoding: guess(head), bomBytes: 0 };
}

function guess(head: Buffer): Encoding {
  const zeros = zerosOf(head.subarray(0, 4096));
  if (zeros.odd > zeros.pairs * 0.4 && zeros.even === 0) return "utf-16le";
  if (zeros.even > zeros.pairs * 0.4 && zeros.odd === 0) return "utf-16be";
  if (zeros.odd + zeros.even > zeros.pairs * 0.2) {
    throw unreadable(
      "binary",
      "The file is no text",
      "Send a CSV, a JSON array, or one JSON object per line.",
    );
  }
  return isUtf8(withoutCutCharacter(head)) ? "utf-8" : "windows-1252";
}

const UTF_32_LE = Buffer.from([0xff, 0xfe, 0, 0]);
const UTF_32_BE = Buffer.from([0, 0, 0xfe, 0xff]);
const MARKS: readonly [Encoding, Buffer][] = [
  ["utf-8", Buffer.from([0xef, 0xbb, 0xbf])],
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
];

function zerosOf(bytes: Buffer) {
  const zeros = { even: 0, odd: 0, pairs: bytes.length / 2 };
  for (const [index, byte] of bytes.entries()) {
    if (byte === 0) zeros[index % 2 === 0 ? "even" : "odd"] += 1;
  }
  return zeros;
}

/** The beginning of a file, without its last character if that was cut in two. */
function withoutCutCharacter(head: Buffer): Buffer {
  if (head.length < HEAD_BYTES) return head;
  for (let back = 1; back <= 3; back++) {
    const byte = head[head.length - back] ?? 0;
    const characterBytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (characterBytes > back) return head.subarray(0, -back);
  }
  return head;
}

/**
 * Converts the text to UTF-8, in which a separator, quote or line end is one byte that occurs in no other character.
 */
export const toUtf8 = (bytes: AsyncIterable<Buffer>, encoding: Encoding): AsyncIterable<Buffer> =>
  encoding === "utf-8" ? bytes : decoded(bytes, encoding);

async function* decoded(bytes: AsyncIterable<Buffer>, encoding: Encoding) {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  for await (const chunk of bytes) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}

/** How many bytes of the file were converted to these bytes of UTF-8. */
export function bytesInFile(utf8: Buffer, encoding: Encoding): number {
  if (encoding === "utf-8") return utf8.length;
  let characters = 0;
  let units = 0;
  for (const byte of utf8) {
    if ((byte & 0xc0) !== 0x80) characters += 1;
    if (byte >= 0xf0) units += 1;
  }
  return encoding === "windows-1252" ? characters : 2 * (characters + units);
}

/** How many bytes an ASCII character takes. */
export const unitBytes = (encoding: Encoding): number => (encoding.startsWith("utf-16") ? 2 : 1);
