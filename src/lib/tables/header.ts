import { MAX_COLUMN_NAME_LENGTH, MAX_COLUMNS } from "#lib/tables/limits.ts";
import { unreadable } from "#lib/tables/table.ts";

/**
 * Two names mean the same column when they have the same letters and digits, in any case: "E-Mail", "e_mail" and
 * "EMAIL" all become "email".
 */
export const columnKey = (name: string): string =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]/gu, "") || name.trim();

/** Reads the names of the columns; refuses a header with an ambiguous name. */
export function readHeader(cells: readonly string[]): string[] {
  const end = cells.findLastIndex((cell) => cell.trim() !== "") + 1;
  const names = cells.slice(0, end).map((cell) => cell.trim());
  if (names.length > MAX_COLUMNS) {
    const message = `The header has ${names.length} columns; at most ${MAX_COLUMNS} are read`;
    throw unreadable("too_many_columns", message, "Remove the columns that are not needed.");
  }
  const places = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    if (name === "") continue;
    if (name.length > MAX_COLUMN_NAME_LENGTH) {
      const message = `The name of column ${index + 1} is longer than ${MAX_COLUMN_NAME_LENGTH} characters`;
      throw unreadable("column_name_too_long", message, "The first line must name the columns.");
    }
    if (name === "__proto__") {
      const message = `No column can have the name ${name}`;
      throw unreadable("reserved_column", message, "Rename the column.");
    }
    const key = columnKey(name);
    const before = places.get(key);
    if (before !== undefined) {
      const message = `Columns ${before + 1} and ${index + 1} have the same name: "${names[before]}" and "${name}"`;
      throw unreadable(
        "double_column",
        message,
        "Rename or remove one of them; case, spaces and hyphens do not count.",
      );
    }
    places.set(key, index);
  }
  return names;
}
