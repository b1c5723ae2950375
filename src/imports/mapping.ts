import type { Target } from "#imports/targets/target.ts";
import { columnKey } from "#lib/tables/header.ts";
import { unreadable } from "#lib/tables/table.ts";

/** The field of the target for each column of the file; null: the column is not read. */
export type Mapping = Record<string, string | null>;

/** The columns that rejects.csv adds to those of the file. An import ignores them. */
export const REJECT_COLUMNS = [
  "import_line",
  "import_column",
  "import_code",
  "import_message",
  "import_hint",
  "import_raw",
] as const;
const ours: ReadonlySet<string> = new Set(REJECT_COLUMNS);

/**
 * Whether the file is one of our rejects.csv files. In these files, an apostrophe comes before text that a spreadsheet
 * would run as a formula.
 */
export const isRejects = (columns: readonly string[]): boolean => columns.includes("import_code");

/** The field of each column by its name. An open target accepts the other columns unchanged. */
export function suggestMapping(columns: readonly string[], target: Target): Mapping {
  const mapping: Mapping = {};
  const taken = new Set<string>();
  for (const byAlias of [false, true]) {
    for (const column of columns) {
      if (column === "" || mapping[column] !== undefined) continue;
      const key = columnKey(column);
      const field = target.fields.find(({ name, aliases = [] }) =>
        byAlias ? aliases.some((alias) => columnKey(alias) === key) : columnKey(name) === key,
      );
      if (field === undefined || taken.has(field.name)) continue;
      mapping[column] = field.name;
      taken.add(field.name);
    }
  }
  for (const column of columns) {
    if (column !== "") mapping[column] ??= target.isOpen && !ours.has(column) ? column : null;
  }
  return mapping;
}

/**
 * The whole mapping of a file: the caller's choices, and the other columns by their names. Throws when a required field
 * is missing.
 */
export function completeMapping(columns: readonly string[], given: Mapping | null, target: Target): Mapping {
  const mapping = given ? mappingAsGiven(columns, given, target) : suggestMapping(columns, target);
  const fields = Object.values(mapping).filter((field) => field !== null);
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice !== undefined) {
    const message = `Two columns are mapped to "${twice}"`;
    throw unreadable("double_field", message, "Map one of them to another field, or to null.");
  }
  const missing = target.fields.find(({ name, required }) => required && !fields.includes(name));
  if (missing !== undefined) {
    const message = `No column of the file is "${missing.name}"`;
    throw unreadable(
      `no_${missing.name}_column`,
      message,
      `Name a column "${missing.name}", or map one to it.`,
    );
  }
  return mapping;
}

function mappingAsGiven(columns: readonly string[], given: Mapping, target: Target): Mapping {
  const places = new Map(columns.map((column) => [columnKey(column), column]));
  const mapping: Mapping = Object.fromEntries(columns.filter(Boolean).map((column) => [column, null]));
  for (const [name, field] of Object.entries(given)) {
    const column = places.get(columnKey(name));
    if (column === undefined) {
      const message = `The file has no column "${name}"`;
      throw unreadable(
        "unknown_column",
        message,
        `It has: ${columns.filter(Boolean).join(", ")}.`.slice(0, 1000),
      );
    }
    if (field !== null && !target.isOpen && !target.fields.some((one) => one.name === field)) {
      const names = target.fields.map((one) => one.name).join(", ");
      throw unreadable("unknown_field", `The target has no field "${field}"`, `It has: ${names}.`);
    }
    mapping[column] = field;
  }
  return mapping;
}
