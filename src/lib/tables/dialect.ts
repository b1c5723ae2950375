import { type Bytes, peek } from "#lib/tables/bytes.ts";
import { findEncoding, unitBytes } from "#lib/tables/encoding.ts";
import { refuseForeignFile } from "#lib/tables/foreign-files.ts";
import { gunzip, isGzip } from "#lib/tables/gunzip.ts";
import { HEAD_BYTES } from "#lib/tables/limits.ts";
import { findSeparator } from "#lib/tables/separator.ts";
import { type Dialect, type Format, type Position, unreadable } from "#lib/tables/table.ts";

/** The format as far as the caller knows it. The rest is detected. */
export type GivenDialect = { [Name in "format" | "encoding" | "separator"]?: Dialect[Name] | undefined };
/** The unpacked bytes of the file, and where its rows begin. The columns of a CSV are not known yet. */
export type FoundDialect = { dialect: Dialect; start: Position; bytes: Bytes };

export async function findDialect(source: Bytes, given: GivenDialect): Promise<FoundDialect> {
  const packed = await peek(source, HEAD_BYTES);
  const isPacked = isGzip(packed.head);
  refuseForeignFile(packed.head);
  const plain = isPacked ? await peek(gunzip(packed.all), HEAD_BYTES) : packed;
  if (isPacked) refuseForeignFile(plain.head);
  const { encoding, bomBytes } = findEncoding(plain.head, given.encoding);
  const head = new TextDecoder(encoding).decode(plain.head);
  refuseForeignFile(Buffer.from(head));
  const format = given.format ?? findFormat(head);
  const { separator, before, line } = findStart(head, format, given);
  const start = { offset: bomBytes + before * unitBytes(encoding), line };
  return { dialect: { format, encoding, isGzip: isPacked, separator, columns: [] }, start, bytes: plain.all };
}

function findFormat(head: string): Format {
  if (/^\s*\[\s*(?:[{\]]|$)/.test(head)) return "json";
  if (/^\s*\{\s*[\r\n]/.test(head)) {
    const hint = "Send a JSON array of objects, or one object per line.";
    throw unreadable("json_object", "The file is one JSON object, not a list of rows", hint);
  }
  return /^\s*\{\s*"/.test(head) ? "ndjson" : "csv";
}

/** `before` is the number of characters, all ASCII, before the header or the first row. */
function findStart(head: string, format: Format, given: GivenDialect) {
  if (format === "ndjson") return { separator: null, before: 0, line: 1 };
  if (format === "json") return { separator: null, before: head.indexOf("[") + 1, line: 1 };
  const { separator, declarationLength } = findSeparator(head);
  return {
    separator: given.separator ?? separator,
    before: declarationLength,
    line: declarationLength > 0 ? 2 : 1,
  };
}
