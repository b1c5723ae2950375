import { z } from "zod";
import type { Target } from "#imports/targets/target.ts";
import { cut } from "#lib/cut.ts";
import { parseFields } from "#lib/http/wrong-fields.ts";
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
/** How many unread columns a summary names, and how much of each name. */
const MAX_NAMES = 20;
const MAX_NAME_CHARS = 200;
const ours: ReadonlySet<string> = new Set(REJECT_COLUMNS);

/**
 * Whether the file is one of our rejects.csv files. In these files, an apostrophe comes before text that a spreadsheet
 * would run as a formula.
 */
export const isRejects = (columns: readonly string[]): boolean => columns.includes("import_code");

const hasField = ({ isOpen, fields }: Target, name: string): boolean =>
  isOpen || fields.some((field) => field.name === name);
const namesOf = ({ fields }: Target): string => fields.map(({ name }) => name).join(", ");

/** Throws `invalid_request`, which lists the columns of a request's mapping whose fields the target lacks. */
export function refuseUnknownFields(mapping: Mapping, target: Target): void {
  const field = z.string().refine((name) => hasField(target, name), {
    error: ({ input }) =>
      `must be null or a field of ${target.name} (${namesOf(target)}), not ${JSON.stringify(input)}`,
  });
  parseFields(z.record(z.string(), field.nullable()), mapping, "body", "mapping");
}

/**
 * The columns that an import does not read: their number, and the names of the first MAX_NAMES. Columns without a name
 * and those that rejects.csv adds are not counted.
 */
export function unreadColumns(columns: readonly string[], mapping: Mapping | null) {
  const names = columns.filter((column) => column !== "" && !ours.has(column) && mapping?.[column] === null);
  return { count: names.length, names: names.slice(0, MAX_NAMES).map((name) => cut(name, MAX_NAME_CHARS)) };
}

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
    // The route refuses such a mapping, but the target may have had the field when the import was accepted.
    if (field !== null && !hasField(target, field))
      throw unreadable("unknown_field", `The target has no field "${field}"`, `It has: ${namesOf(target)}.`);
    mapping[column] = field;
  }
  return mapping;
}
