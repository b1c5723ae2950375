import { z } from "zod";
import type { Reject, WrittenRow } from "#imports/rows.ts";
import { conflictRow, fileRow, importRow, importWithState, rejectRow } from "#imports/rows.ts";
import type { JobRequest } from "#jobs/request.ts";
import { jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
import type { Position } from "#lib/http/pages.ts";

export type ImportRepository = ReturnType<typeof importRepository>;

/** The fields of an import that a caller, or an event of app code, gives. */
export type NewImport = {
  target: string;
  options: Json;
  merge?: string | undefined;
  absent?: string | undefined;
  dryRun?: boolean | undefined;
  again?: boolean | undefined;
  fileUrl: string;
  fileId?: string | undefined;
  fileName?: string | undefined;
  fingerprint?: string | undefined;
  mapping?: Json | undefined;
  declaredFormat?: Json | undefined;
};

const opened = z.union([z.object({ import: importRow }), z.object({ refused: z.string() })]);
const worked = z.enum(["open", "done", "lost"]);
const mapping = z.record(z.string(), z.string().nullable());
const toJson = (value: object): Json => z.json().parse(value);

/** Imports, their files, and the outcome of their rows. `owner: null` is an administrator, who sees all imports. */
export function importRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    addFile: (owner: string, name: string) => call("add_import_file", { owner, name }, fileRow),

    findFile: async (id: string, owner: string | null) =>
      (await callTimeless("get_import_file", { id, owner }, fileRow.array()))[0],

    /** Throws `already_imported` when the same file was imported into the same list or account before. */
    accept: (request: JobRequest, wanted: NewImport, viewer: string | null) =>
      call("accept_import", { request, import: dense(wanted), viewer }, jobRow),

    /**
     * Returns the import of a run, or why the run's job does not work on it. Creates the import when app code sent the
     * event itself.
     */
    open: (eventId: string, id: string, owner: string | undefined, wanted: NewImport) =>
      call("open_import", { eventId, id, owner, import: dense(wanted) }, opened),

    describe: (id: string, found: { dialect: object; mapping: object; version: string; byteCount: number }) =>
      callTimeless("describe_import", {
        id,
        ...found,
        dialect: toJson(found.dialect),
        mapping: toJson(found.mapping),
      }),

    fingerprint: (id: string, fingerprint: string) => callTimeless("fingerprint_import", { id, fingerprint }),

    ofJob: async (jobId: string) => (await callTimeless("import_of_job", { jobId }, importRow.array()))[0],

    fail: (id: string, error: { code: string; message: string; hint: string; details: Json }) =>
      call("fail_import", { id, error }),

    /** Writes the rows with the numbers `from` to `next - 1`. Each row is either written or rejected. */
    write(
      part: { id: number; token: string },
      from: number,
      next: number,
      rows: readonly WrittenRow[],
      rejects: readonly Reject[],
    ) {
      const given = { id: part.id, token: part.token, from, next, rows: [...rows], rejects: [...rejects] };
      return call("write_import_rows", given, worked);
    },

    acceptUndo: (request: JobRequest, id: string, viewer: string | null) =>
      call("accept_import_undo", { request, id, viewer }, jobRow),

    countUndo: (id: string) => callTimeless("count_import_undo", { id }, z.number()),

    /** Undoes the next rows. */
    undo: (part: { id: number; token: string }, id: string, limit: number) =>
      call("undo_import_rows", { partId: part.id, token: part.token, id, limit, isGivenUp: false }, worked),

    /** Keeps the next row and lists it in `conflicts`, because other rows refer to it. */
    keepAsConflict: (part: { id: number; token: string }, id: string) =>
      call("undo_import_rows", { partId: part.id, token: part.token, id, limit: 1, isGivenUp: true }, worked),

    /** Rows that an undo left unchanged. */
    conflicts: (id: string, limit: number) =>
      callTimeless("list_import_conflicts", { id, limit }, conflictRow.array()),

    /** Deletes old rows. Returns how many were deleted: 0 when none are left. */
    purge: (limit: number) => call("purge_imports", { limit }, z.number()),

    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    list: (owner: string | null, limit: number, before?: Position) =>
      callTimeless(
        "list_imports",
        { owner, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        importWithState.array(),
      ),

    get: (id: string, owner: string | null) =>
      callTimeless("get_import", { id, owner }, importWithState.nullable()),

    rejects: (id: string, after: number, limit: number) =>
      callTimeless("list_import_rejects", { id, after, limit }, rejectRow.array()),

    rejectColumns: (id: string) => callTimeless("columns_of_rejects", { id }, z.array(z.string())),

    lastMapping: (owner: string, target: string, columns: string[]) =>
      callTimeless("last_import_mapping", { owner, target, columns }, mapping.nullable()),
  };
}

const dense = (wanted: NewImport): Json =>
  Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
