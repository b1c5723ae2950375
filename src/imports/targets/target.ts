import type { z } from "zod";
import type { Json } from "#lib/database/database.types.ts";

export type Merge = "insert" | "update" | "upsert";
export type Absent = "keep" | "clear";

/** A field of a row. `aliases`: other names that people give its column; case, spaces and hyphens do not count. */
export type Field = { name: string; required?: boolean; aliases?: readonly string[]; hint?: string };

/** A row as the target's table has it: its columns, and the key that makes two rows the same. */
export type TargetRow = { key: string; columns: Record<string, Json> };

/** What can be imported. Its table is registered under the same name by a migration, see 702_import_targets. */
export type Target = {
  name: string;
  title: string;
  fields: readonly Field[];
  /** Whether a column that is none of the fields becomes a field of its own, under its name in the file. */
  isOpen: boolean;
  /** The options that an import into it needs. */
  options: z.ZodType<Record<string, Json>>;
  /** The rule when the caller names none: what happens to a row that exists, or does not. */
  merge: Merge;
  /** What a column that the file does not have means for a row that exists, when the caller does not say. */
  absent: Absent;
  /** The values of a row by the names of the fields. Fields of absent columns are not there. */
  row: z.ZodType<TargetRow, Record<string, unknown>>;
};
