import { readTable, readTableFrom, type Table } from "#lib/tables/read-table.ts";
import type { Row } from "#lib/tables/table.ts";

/** The bytes in pieces of this size, as a network delivers them. */
export function* inPieces(bytes: Uint8Array | string, size = 7): Generator<Uint8Array> {
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

export async function all(rows: AsyncIterable<Row[]>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const piece of rows) found.push(...piece);
  return found;
}

/** The whole table: its values, or line and code of its errors. */
export async function read(
  bytes: Uint8Array | string,
  said: Parameters<typeof readTable>[1] = {},
  size = 50_000,
): Promise<{ dialect: Table["dialect"]; rows: Row[]; short: unknown[] }> {
  const table = await readTable(inPieces(bytes, size), said);
  const rows = await all(table.rows);
  return { dialect: table.dialect, rows, short: rows.map(shorten) };
}

export const shorten = (row: Row): unknown =>
  "values" in row
    ? row.values
    : `${row.line}: ${row.error.code}${row.error.column === null ? "" : ` (${row.error.column})`}`;

/** The rows between two positions, read as a later step reads them. */
export const readFrom = (
  bytes: Uint8Array,
  ...[dialect, from, until]: Tail<Parameters<typeof readTableFrom>>
) => all(readTableFrom(inPieces(bytes, 1000), dialect, from, until));
type Tail<T extends unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;
