import { isRejects, type Mapping, suggestMapping } from "#imports/mapping.ts";
import type { Reject, WrittenRow } from "#imports/rows.ts";
import type { Absent, Target } from "#imports/targets/target.ts";
import type { Json } from "#lib/database/database.types.ts";
import { storableJson } from "#lib/storable.ts";
import { columnKey } from "#lib/tables/header.ts";
import { rawText } from "#lib/tables/read-table.ts";
import type { Row, RowError } from "#lib/tables/table.ts";

type ConvertOptions = { target: Target; mapping: Mapping; absent: Absent };
type Values = Readonly<Record<string, unknown>>;
export type Convert = (row: Row, n: number) => { row: WrittenRow } | { reject: Reject };

/** Converts a row of the file to a row of the target, or to a reject with the reason. */
export function createConvert({ target, mapping, absent }: ConvertOptions): Convert {
  const fieldOf = fieldFinder(target, mapping);
  const unescape = isRejects(Object.keys(mapping));
  const columnOf = new Map(Object.entries(mapping).map(([column, field]) => [field, column]));
  const hints = new Map(target.fields.map(({ name, hint }) => [name, hint]));
  const allFields = target.isOpen ? [] : target.fields.map(({ name }) => name);

  function valuesByField(values: Values): Record<string, unknown> {
    const byField: Record<string, unknown> = {};
    if (absent === "clear") for (const name of allFields) byField[name] = null;
    for (const column in values) {
      const field = fieldOf(column);
      if (field === null) continue;
      const value = values[column];
      byField[field] = unescape && typeof value === "string" ? value.replace(ESCAPED, "$1") : value;
    }
    return byField;
  }

  return (row, n) => {
    if ("error" in row) return { reject: toReject(row, n, row.error, null) };
    const parsed = target.row.safeParse(valuesByField(row.values));
    if (parsed.success) return { row: { n, k: parsed.data.key, v: parsed.data.columns } };
    const [issue] = parsed.error.issues;
    const field = issue?.path[0]?.toString();
    const column = field === undefined ? null : (columnOf.get(field) ?? field);
    const error = {
      code: field === undefined ? "invalid_row" : `invalid_${field}`.slice(0, 100),
      column,
      message: `${column ?? "The row"} ${issue?.message ?? "is not valid"}`.slice(0, 500),
      hint: hints.get(field ?? "") ?? "Correct the value and import this row again.",
    };
    return { reject: toReject(row, n, error, storableJson(row.values)) };
  };
}

/** Matches the apostrophe that rejects.csv adds before a formula, and the first characters of the formula. */
const ESCAPED = /^'('*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/;

/**
 * The names in JSON rows may differ from row to row, sometimes only in case or hyphens, and some names occur only late
 * in a file.
 */
function fieldFinder(target: Target, mapping: Mapping): (column: string) => string | null {
  const known = new Map(Object.entries(mapping));
  const byKey = new Map(Object.entries(mapping).map(([column, field]) => [columnKey(column), field]));
  const taken = new Set(Object.values(mapping));
  return (column) => {
    const found = known.get(column);
    if (found !== undefined) return found;
    const suggested = suggestMapping([column], target)[column] ?? null;
    const field = byKey.get(columnKey(column)) ?? (taken.has(suggested) ? null : suggested);
    if (known.size < MAX_KNOWN_NAMES) known.set(column, field);
    return field;
  };
}
const MAX_KNOWN_NAMES = 2_000;

export const toReject = (row: Row, n: number, error: RowError, cells: Json): Reject => ({
  n,
  line: row.line,
  offset: row.offset,
  ...error,
  raw: rawText(row),
  cells,
});
