import type { Bytes } from "#lib/tables/bytes.ts";
import type { GivenDialect } from "#lib/tables/dialect.ts";
import { columnKey } from "#lib/tables/header.ts";
import { MAX_COLUMNS } from "#lib/tables/limits.ts";
import { readTable, type Table } from "#lib/tables/read-table.ts";
import { type Row, unreadable } from "#lib/tables/table.ts";

/** Reads a table from its beginning. JSON has no header, so its columns are the names in the first rows. */
export async function beginReading(bytes: Bytes, given: GivenDialect): Promise<Table> {
  const { dialect, rows } = await readTable(bytes, given);
  if (dialect.format === "csv") return { dialect, rows };
  const { value: first = [] } = await rows.next();
  if (first.length === 0) throw noRows();
  const names = first.flatMap((row) => ("values" in row ? Object.keys(row.values) : []));
  // "E-Mail" in one row and "email" in the next are the same column.
  const columns = [
    ...new Map(names.toReversed().map((name) => [columnKey(name), name])).values(),
  ].toReversed();
  return { dialect: { ...dialect, columns: columns.slice(0, MAX_COLUMNS) }, rows: withFirst(first, rows) };
}

export const noRows = () =>
  unreadable("no_rows", "The file has no rows", "Send a file with at least one row below its header.");

async function* withFirst(
  first: Row[],
  rest: AsyncGenerator<Row[], undefined>,
): AsyncGenerator<Row[], undefined> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
