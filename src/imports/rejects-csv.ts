import { REJECT_COLUMNS } from "#imports/mapping.ts";
import type { ImportRepository } from "#imports/repository.ts";
import type { ImportRow, RejectRow } from "#imports/rows.ts";
import { csvStream } from "#lib/tables/write-csv.ts";

type Repository = Pick<ImportRepository, "rejects" | "rejectColumns">;
const PAGE = 500;

/**
 * The rejected rows as a CSV that can be corrected and imported again: the columns of the file, then the reason of each
 * rejection. A row that could not be split into cells is in the last column, unchanged.
 */
export async function rejectsCsv(imports: Repository, { id, dialect }: ImportRow) {
  const named = dialect?.format === "csv" ? dialect.columns.filter(Boolean) : await imports.rejectColumns(id);
  const columns = named.filter((name) => !REJECT_COLUMNS.some((ours) => ours === name));
  const { stream } = csvStream([...columns, ...REJECT_COLUMNS], cellsOf(imports, id, columns));
  return { stream, columns };
}

async function* cellsOf(imports: Repository, id: string, columns: readonly string[]) {
  for (let after = 0; ; ) {
    const page = await imports.rejects(id, after, PAGE);
    for (const reject of page)
      yield [...columns.map((name) => cellOf(reject, name)), ...reasonOf(reject)].map(escaped);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.row_no;
  }
}

function cellOf({ cells }: RejectRow, name: string): string {
  const value = cells?.[name];
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const reasonOf = (reject: RejectRow) => [
  String(reject.line),
  reject.column_name ?? "",
  reject.code,
  reject.message,
  reject.hint,
  reject.cells === null ? reject.raw : "",
];

/** Adds an apostrophe before text that a spreadsheet would run as a formula. An import of this file removes it. */
const escaped = (cell: string): string => (FORMULA.test(cell) ? `'${cell}` : cell);
const FORMULA = /^'*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;
