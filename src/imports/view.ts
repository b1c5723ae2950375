import { z } from "zod";
import { unreadColumns } from "#imports/mapping.ts";
import { conflictRow, type ImportWithState, type RejectRow } from "#imports/rows.ts";
import { acceptedView, jobUrl } from "#jobs/view.ts";

export const importUrl = (id: string): string => `/api/imports/${id}`;

export const receipt = acceptedView.extend({ importId: z.uuid(), importUrl: z.string() });

const counts = z.object({
  inserted: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  skipped: z.number(),
  rejected: z.number(),
});
const progress = z.object({
  /** While "reading", an import counts the rows of the file; while "writing", the import stores these rows. */
  phase: z.enum(["waiting", "reading", "writing", "ended"]),
  percent: z.number(),
  rowsDone: z.number(),
  /** Null until the whole file was read. */
  rowsTotal: z.number().nullable(),
  bytesRead: z.number(),
  bytesTotal: z.number().nullable(),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});

export const importView = z.object({
  id: z.uuid(),
  target: z.string(),
  options: z.record(z.string(), z.unknown()),
  merge: z.string(),
  absent: z.string(),
  dryRun: z.boolean(),
  fileName: z.string(),
  status: z.string(),
  /** Why the import failed: {code, message, hint, details}. */
  error: z.unknown(),
  format: z.string().nullable(),
  encoding: z.string().nullable(),
  separator: z.string().nullable(),
  isGzip: z.boolean(),
  columns: z.array(z.string()),
  mapping: z.record(z.string(), z.string().nullable()).nullable(),
  progress,
  counts,
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** Null while no row was rejected. */
  rejectsUrl: z.string().nullable(),
  jobUrl: z.string().nullable(),
  /** Null until an undo was requested. */
  undo: z
    .object({
      status: z.string(),
      undone: z.number(),
      conflicts: z.number(),
      undoneAt: z.string().nullable(),
      jobUrl: z.string().nullable(),
    })
    .nullable(),
});
z.globalRegistry.add(importView, { id: "Import" });

const importError = z.object({
  row: z.number(),
  line: z.number(),
  offset: z.number(),
  column: z.string().nullable(),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  raw: z.string(),
});

export const importDetailsView = importView.extend({
  /** S4-8: successful rows were inserted, updated or unchanged; failed rows were rejected. */
  summary: z.object({
    total: z.number().nullable(),
    successful: z.number(),
    skipped: z.number(),
    failed: z.number(),
    errors: z.array(importError),
    /** The named columns that the import does not read, without those of rejects.csv; `names` has the first 20. */
    unreadColumns: z.object({ count: z.number(), names: z.array(z.string()) }),
  }),
  /**
   * The first 100 rows that an undo left unchanged, because they were changed since the import, are gone, or are used
   * by other rows.
   */
  conflicts: z.array(conflictRow),
});
z.globalRegistry.add(importDetailsView, { id: "ImportDetails" });

export function toImportView(row: ImportWithState, now: Date): z.output<typeof importView> {
  const { dialect } = row;
  return {
    id: row.id,
    target: row.target,
    options: row.options,
    merge: row.merge,
    absent: row.absent,
    dryRun: row.is_dry_run,
    fileName: row.file_name,
    status: row.status,
    error: row.error ?? null,
    format: dialect?.format ?? null,
    encoding: dialect?.encoding ?? null,
    separator: dialect?.separator ?? null,
    isGzip: dialect?.isGzip ?? false,
    columns: dialect?.columns ?? [],
    mapping: row.mapping,
    progress: toProgress(row, now),
    counts: row.counts,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    rejectsUrl: row.counts.rejected > 0 ? `${importUrl(row.id)}/rejects.csv` : null,
    jobUrl: row.job_id && jobUrl(row.job_id),
    undo: toUndoView(row),
  };
}

function toUndoView(row: ImportWithState): z.output<typeof importView>["undo"] {
  if (row.undo_status === null && row.undone_at === null) return null;
  return {
    status: row.undone_at === null ? (row.undo_status ?? "failed") : "completed",
    undone: row.undo_counts?.["undone"] ?? 0,
    conflicts: row.undo_counts?.["conflicts"] ?? 0,
    undoneAt: row.undone_at,
    jobUrl: row.undo_job_id && jobUrl(row.undo_job_id),
  };
}

export const toImportDetailsView = (
  row: ImportWithState,
  { rejects, conflicts }: { rejects: readonly RejectRow[]; conflicts: z.output<typeof conflictRow>[] },
  now: Date,
): z.output<typeof importDetailsView> => ({
  ...toImportView(row, now),
  conflicts,
  summary: {
    total: row.is_planned ? totalOf(row) : row.row_count,
    successful: row.counts.inserted + row.counts.updated + row.counts.unchanged,
    skipped: row.counts.skipped,
    failed: row.counts.rejected,
    errors: rejects.map((reject) => ({
      row: reject.row_no,
      line: reject.line,
      offset: reject.byte_offset,
      column: reject.column_name,
      code: reject.code,
      message: reject.message,
      hint: reject.hint,
      raw: reject.raw,
    })),
    unreadColumns: unreadColumns(row.dialect?.columns ?? [], row.mapping),
  },
});

const totalOf = (row: ImportWithState): number => row.row_count ?? row.progress_total ?? 0;

/** Reading counts as a tenth of the work, and writing as the rest, so that the percentage never decreases. */
function toProgress(row: ImportWithState, now: Date): z.output<typeof progress> {
  const isEnded = row.ended_at !== null;
  const total = row.is_planned ? totalOf(row) : row.row_count;
  const settled = Object.values(row.counts).reduce((sum, one) => sum + one, 0);
  const done = Math.min(Math.max(row.progress_done ?? 0, settled), total ?? settled);
  const end = row.ended_at === null ? now : new Date(row.ended_at);
  const seconds = row.started_at === null ? 0 : (end.getTime() - Date.parse(row.started_at)) / 1000;
  const rate = done > 0 && seconds > 0 ? done / seconds : null;
  const read = row.byte_count ? Math.min(1, (row.read_bytes ?? 0) / row.byte_count) : 0;
  const share = total === null ? 0.1 * read : 0.1 + 0.9 * (total === 0 ? 1 : done / total);
  return {
    phase: isEnded ? "ended" : row.is_planned ? "writing" : row.started_at ? "reading" : "waiting",
    percent: row.status === "completed" ? 100 : Math.min(99, Math.floor(100 * share)),
    rowsDone: done,
    rowsTotal: total,
    bytesRead: Math.min(row.read_bytes ?? 0, row.byte_count ?? Infinity),
    bytesTotal: row.byte_count,
    rowsPerSecond: rate === null ? null : Math.round(rate),
    secondsLeft: rate === null || total === null || isEnded ? null : Math.ceil((total - done) / rate),
  };
}
