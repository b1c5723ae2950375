import { z } from "zod";
import type { Json } from "#lib/database/database.types.ts";
import { SEPARATORS } from "#lib/tables/table.ts";

export const dialectSchema = z.object({
  format: z.enum(["csv", "ndjson", "json"]),
  encoding: z.enum(["utf-8", "utf-16le", "utf-16be", "windows-1252"]),
  isGzip: z.boolean(),
  separator: z.enum(SEPARATORS).nullable(),
  columns: z.array(z.string()),
});
/** The format as far as the caller knows it. The rest is detected. */
export const declaredFormatSchema = dialectSchema
  .pick({ format: true, encoding: true, separator: true })
  .partial();

export const fileRow = z.object({ id: z.uuid(), owner: z.string(), path: z.string(), name: z.string() });

export const importRow = z.object({
  id: z.uuid(),
  job_id: z.uuid().nullable(),
  owner: z.string(),
  target: z.string(),
  merge: z.string(),
  absent: z.enum(["keep", "clear"]),
  is_dry_run: z.boolean(),
  file_url: z.string(),
  file_name: z.string(),
  fingerprint: z.string().nullable(),
  mapping: z.record(z.string(), z.string().nullable()).nullable(),
  declared_format: declaredFormatSchema,
  dialect: dialectSchema.nullable(),
  version: z.string().nullable(),
  byte_count: z.number().nullable(),
  status: z.string().nullable(),
});
export type ImportRow = z.output<typeof importRow>;

const count = z.number().default(0);
export const importWithState = importRow.extend({
  status: z.string(),
  options: z.record(z.string(), z.json()),
  error: z.unknown(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  row_count: z.number().nullable(),
  progress_done: z.number().nullable(),
  progress_total: z.number().nullable(),
  read_bytes: z.number().nullable(),
  is_planned: z.boolean(),
  counts: z.object({ inserted: count, updated: count, unchanged: count, skipped: count, rejected: count }),
  undo_job_id: z.uuid().nullable(),
  undo_status: z.string().nullable(),
  undo_counts: z.record(z.string(), z.number()).nullable(),
  undone_at: z.string().nullable(),
});
export type ImportWithState = z.output<typeof importWithState>;

export const rejectRow = z.object({
  row_no: z.number(),
  line: z.number(),
  byte_offset: z.number(),
  column_name: z.string().nullable(),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  raw: z.string(),
  cells: z.record(z.string(), z.unknown()).nullable(),
});
export const conflictRow = z.object({
  row: z.number(),
  rowId: z.number(),
  reason: z.enum(["changed", "gone", "in_use"]),
});
export type RejectRow = z.output<typeof rejectRow>;

/**
 * A valid row for the database: its number, its key, its columns. The names are short, because a set contains thousands
 * of rows.
 */
export type WrittenRow = { n: number; k: string; v: Record<string, Json> };
export type Reject = {
  n: number;
  line: number;
  offset: number;
  column: string | null;
  code: string;
  message: string;
  hint: string;
  raw: string;
  cells: Json;
};
