import { beginReading } from "#imports/begin-reading.ts";
import { type EstimateImport, estimateOfFile } from "#imports/estimate.ts";
import { type Mapping, suggestMapping } from "#imports/mapping.ts";
import type { ImportRepository } from "#imports/repository.ts";
import type { ImportRow } from "#imports/rows.ts";
import type { Source } from "#imports/source.ts";
import { targetOf } from "#imports/targets.ts";
import { rawText } from "#lib/tables/read-table.ts";
import type { Row } from "#lib/tables/table.ts";

type Imports = Pick<ImportRepository, "lastMapping">;
const ROWS_SHOWN = 5;
const MAX_SHOWN_LENGTH = 200;

/** The detected format of a file, its first rows, and the field of each column. */
export async function guess(
  imports: Imports,
  owner: string,
  source: Source,
  { target: name, given }: { target: string; given: ImportRow["declared_format"] },
  estimate: EstimateImport,
) {
  const target = targetOf(name);
  const { dialect, rows } = await beginReading(source.bytes(0), given);
  const { value: first = [] } = await rows.next();
  await rows.return(undefined);
  const { columns, ...found } = dialect;
  const saved = await imports.lastMapping(owner, name, columns);
  const mapping: Mapping = saved ?? suggestMapping(columns, target);
  return {
    ...found,
    columns,
    mapping,
    mappingIs: saved ? ("saved" as const) : ("suggested" as const),
    missing: target.fields
      .filter((field) => field.required && !Object.values(mapping).includes(field.name))
      .map((field) => field.name),
    rows: first.slice(0, ROWS_SHOWN).map((row) => shown(row, columns)),
    bytes: source.facts.size,
    estimate: estimateOfFile(first, { bytes: source.facts.size, isGzip: found.isGzip }, estimate),
  };
}

function shown(row: Row, columns: readonly string[]) {
  if ("error" in row) return { line: row.line, cells: null, raw: rawText(row).slice(0, MAX_SHOWN_LENGTH) };
  const { values } = row;
  return { line: row.line, cells: columns.map((name) => short(values[name])), raw: null };
}

const short = (value: unknown): string =>
  (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value)).slice(
    0,
    MAX_SHOWN_LENGTH,
  );
