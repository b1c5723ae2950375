import { setImmediate } from "node:timers/promises";
import { type Bytes, slices } from "#lib/tables/bytes.ts";
import { type CsvRecord, CsvRecords } from "#lib/tables/csv-records.ts";
import { takeHeader, toRow } from "#lib/tables/csv-rows.ts";
import { findDialect, type GivenDialect } from "#lib/tables/dialect.ts";
import { toUtf8 } from "#lib/tables/encoding.ts";
import { gunzip } from "#lib/tables/gunzip.ts";
import { JsonArray, JsonLines } from "#lib/tables/json-records.ts";
import type { Dialect, Position, Row } from "#lib/tables/table.ts";

export type Table = { dialect: Dialect; rows: AsyncGenerator<Row[], undefined> };

/**
 * Reads a table from its beginning: CSV, NDJSON or a JSON array, each also packed by gzip. Detects the format and
 * yields the rows in pieces, as they arrive. Throws `unreadable_table` when the whole file cannot be read. A single
 * unreadable row becomes a row with an `error`. Rows with only empty cells are left out.
 */
export async function readTable(source: Bytes, given: GivenDialect = {}): Promise<Table> {
  const { dialect, start, bytes } = await findDialect(source, given);
  const pieces = toUtf8(slices(bytes, start.offset, Infinity), dialect.encoding);
  if (dialect.format !== "csv") return { dialect, rows: cut(pieces, jsonReader(dialect, start)) };
  const records = cut(pieces, new CsvRecords(dialect, start));
  try {
    const { columns, rest } = await takeHeader(records);
    const complete = { ...dialect, columns };
    return { dialect: complete, rows: toRows(rest, records, complete) };
  } catch (error) {
    await records.return(undefined);
    throw error;
  }
}

/**
 * Reads a file from the position `from`, which is the `next` of an earlier row, and stops before the row at `until`.
 * `source` begins at `from.offset`, but for a gzip file it begins at the start of the file.
 */
export function readTableFrom(
  source: Bytes,
  dialect: Dialect,
  from: Position,
  until = Infinity,
): AsyncGenerator<Row[], undefined> {
  const [bytes, start] = dialect.isGzip ? [gunzip(source), from.offset] : [source, 0];
  const pieces = toUtf8(slices(bytes, start, start + until - from.offset), dialect.encoding);
  if (dialect.format !== "csv") return cut(pieces, jsonReader(dialect, from, until));
  return toRows([], cut(pieces, new CsvRecords(dialect, from)), dialect);
}

const MAX_RAW_LENGTH = 4000;

/** The row as it is in the file, for people who must correct it. */
export const rawText = ({ raw }: Row): string =>
  raw.toString("utf8", 0, MAX_RAW_LENGTH).replaceAll("\0", "\uFFFD").trim();

type Reader<T> = { read(bytes: Buffer, isLast: boolean): T[] | Promise<T[]> };

const jsonReader = ({ format, encoding }: Dialect, at: Position, until = Infinity): Reader<Row> =>
  format === "json" ? new JsonArray(encoding, at, until === Infinity) : new JsonLines(encoding, at);

/** The rows that `reader` finds, piece by piece; other work may run between two pieces. */
async function* cut<T>(pieces: AsyncIterable<Buffer>, reader: Reader<T>): AsyncGenerator<T[], undefined> {
  for await (const piece of pieces) {
    const found = await reader.read(piece, false);
    if (found.length > 0) yield found;
    await setImmediate();
  }
  const last = await reader.read(Buffer.alloc(0), true);
  if (last.length > 0) yield last;
}

async function* toRows(
  first: CsvRecord[],
  more: AsyncIterable<CsvRecord[]>,
  dialect: Dialect,
): AsyncGenerator<Row[], undefined> {
  const convert = (records: CsvRecord[]) =>
    records.map((record) => toRow(record, dialect)).filter((row) => row !== undefined);
  if (first.length > 0) yield convert(first);
  for await (const records of more) yield convert(records);
}
