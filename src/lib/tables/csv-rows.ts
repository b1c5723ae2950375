import { isUtf8 } from "node:buffer";
import type { CsvRecord } from "#lib/tables/csv-records.ts";
import { readHeader } from "#lib/tables/header.ts";
import {
  type Dialect,
  type Encoding,
  type Row,
  type RowError,
  rowError,
  unreadable,
} from "#lib/tables/table.ts";

/**
 * Reads records up to the first one that is not empty: its cells are the names of the columns. Also returns the records
 * that were read after it.
 */
export async function takeHeader(records: AsyncGenerator<CsvRecord[], undefined>) {
  for (;;) {
    const { value: found, done } = await records.next();
    if (done === true)
      throw unreadable("empty", "The file has no line with text", "Send a file with a header and rows.");
    const index = found.findIndex((record) => "error" in record || record.cells.some((cell) => cell !== ""));
    const header = found[index];
    if (header === undefined) continue;
    if ("error" in header)
      throw unreadable("broken_header", `In the header: ${header.error.message}`, header.error.hint);
    return { columns: readHeader(header.cells), rest: found.slice(index + 1) };
  }
}

/** Turns a record into a row. Undefined when all cells are empty, as in the last lines of a spreadsheet. */
export function toRow(record: CsvRecord, { columns, encoding }: Dialect): Row | undefined {
  const { offset, line, next, raw } = record;
  if ("error" in record) return { offset, line, next, raw, error: record.error };
  const { cells } = record;
  if (cells.every(isEmpty)) return undefined;
  const error = wrongCount(cells, columns) ?? wrongText(cells, columns, raw, encoding);
  if (error) return { offset, line, next, raw, error };
  // A loop, because `Object.fromEntries` takes several times as long, and there may be millions of rows.
  const values: Record<string, string> = {};
  for (let index = 0; index < columns.length; index++) {
    const name = columns[index];
    if (name) values[name] = cells[index] ?? "";
  }
  return { offset, line, next, raw, values };
}

const isEmpty = (cell: string) => cell === "";

/** Empty cells after the last column are ignored, because many programs end every line with a separator. */
function wrongCount(cells: readonly string[], columns: readonly string[]): RowError | undefined {
  if (cells.length === columns.length) return undefined;
  const message = `The row has ${cells.length} cells under ${columns.length} columns`;
  if (cells.length < columns.length) return rowError("too_few_cells", message, columns[cells.length]);
  return cells.slice(columns.length).every(isEmpty) ? undefined : rowError("too_many_cells", message);
}

const NO_CHARACTER = "\uFFFD";

function wrongText(cells: readonly string[], columns: readonly string[], raw: Buffer, encoding: Encoding) {
  if (raw.includes(0))
    return rowError("unstorable_text", "The row has a NUL character", columnWith("\0", cells, columns));
  if (encoding !== "utf-8" || isUtf8(raw)) return undefined;
  const column = columnWith(NO_CHARACTER, cells, columns);
  return rowError("invalid_encoding", "The row has bytes that are not UTF-8", column);
}

const columnWith = (character: string, cells: readonly string[], columns: readonly string[]) =>
  columns[cells.findIndex((cell) => cell.includes(character))];
