import type { z } from "zod";
import type { Json } from "#lib/database/database.types.ts";

export type Merge = "insert" | "update" | "upsert";
export type Absent = "keep" | "clear";

/** A field of a row. `aliases` are other names for its column; case, spaces and hyphens are ignored. */
export type Field = { name: string; required?: boolean; aliases?: readonly string[]; hint?: string };

/** A row as the target's table stores it: its columns and its key. Rows with equal keys count as one row. */
export type TargetRow = { key: string; columns: Record<string, Json> };

/** A target of imports. A migration registers its table under the same name; see 702_import_targets. */
export type Target = {
  name: string;
  title: string;
  fields: readonly Field[];
  /** Whether a column that matches no field becomes a field with its own name. */
  isOpen: boolean;
  /** The options that an import into the target needs. */
  options: z.ZodType<Record<string, Json>>;
  /** What an import does by default: write new rows, change rows that exist, or both. */
  merge: Merge;
  /** What happens by default to the values of existing rows in a column that the file does not have. */
  absent: Absent;
  /** Validates a row's values by field name. Fields of absent columns are missing. */
  row: z.ZodType<TargetRow, Record<string, unknown>>;
};
