import { z } from "zod";
import { importRequested } from "#imports/events.ts";
import { digestOf, findFile, sourceSchema } from "#imports/find-file.ts";
import { refuseUnknownFields } from "#imports/mapping.ts";
import { rejectsCsv } from "#imports/rejects-csv.ts";
import type { ImportRepository } from "#imports/repository.ts";
import { declaredFormatSchema, type ImportWithState } from "#imports/rows.ts";
import { targetOf } from "#imports/targets.ts";
import {
  importDetailsView,
  importUrl,
  importView,
  receipt,
  toImportDetailsView,
  toImportView,
} from "#imports/view.ts";
import type { Jobs } from "#jobs/accept.ts";
import type { CancelJob } from "#jobs/cancel.ts";
import { jobOptions, request } from "#jobs/request.ts";
import { accepted } from "#jobs/view.ts";
import type { Clock } from "#lib/clock.ts";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { text } from "#lib/http/fields.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Requester, type Route, route } from "#lib/http/route.ts";
import { parseFields } from "#lib/http/wrong-fields.ts";

type Dependencies = {
  imports: ImportRepository;
  storage: Pick<Storage, "open" | "put">;
  jobs: Pick<Jobs, "accept">;
  cancelJob: CancelJob;
  clock: Clock;
};

const ROWS_SHOWN = 100;

const importBody = z.object({
  ...jobOptions,
  source: sourceSchema,
  target: text(100),
  options: z
    .record(text(50), z.union([text(200), z.null()]))
    .default({})
    .describe("Options of the target, see GET /api/imports/targets: {listId} for subscribers, which need it"),
  /**
   * The field of the target for each column of the file; null leaves the column out. By default columns are matched by
   * name.
   */
  mapping: z
    .record(text(200), text(100).nullable())
    .refine(hasFewKeys, "names at most 200 columns")
    .optional(),
  merge: z.enum(["insert", "update", "upsert"]).optional(),
  absent: z.enum(["keep", "clear"]).optional(),
  /** Whether the import only reports what it would do, and writes nothing. */
  dryRun: z.boolean().default(false),
  /** Whether the same file may be imported again. */
  again: z.boolean().default(false),
  ...declaredFormatSchema.shape,
});

export const importRoutes = ({ imports, storage, jobs, cancelJob, clock }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/imports",
    policy: "user",
    summary:
      "Import a file: from an upload, an https address, or the text itself. 409 for a file imported before",
    body: importBody,
    responses: { 202: receipt },
    handler: async ({ body, requester, idempotencyKey: key }) => {
      const { source, target: name, mapping, merge, absent, dryRun, again } = body;
      const { format, encoding, separator, ...rest } = body;
      const target = targetOf(name);
      if (mapping !== undefined) refuseUnknownFields(mapping, target);
      const options = parseFields(target.options, body.options, "body", "options");
      const file = await findFile({ imports, storage }, source, requester);
      const { source: _, ...comparedData } = { ...rest, file: digestOf(source), format, encoding, separator };
      const { priority, deadlineAt, delayMs, attempts, backoffMs, keepCompleted } = body;
      const id = crypto.randomUUID();
      const wanted = request(
        importRequested,
        { importId: id, fileUrl: file.fileUrl, importType: name, userId: requester.owner },
        {
          priority,
          deadlineAt,
          delayMs,
          attempts,
          backoffMs,
          keepCompleted,
          requester,
          key,
          comparedData,
          id,
        },
      );
      const job = await jobs.accept(wanted, (asked) =>
        imports.accept(
          asked,
          {
            ...file,
            target: name,
            options,
            mapping,
            merge: merge ?? target.merge,
            absent: absent ?? target.absent,
            dryRun,
            again,
            declaredFormat: dense({ format, encoding, separator }),
          },
          ownerOf(requester),
        ),
      );
      const answer = { ...accepted("Importing", job.id), importId: job.id, importUrl: importUrl(job.id) };
      return json(202, answer, { location: importUrl(job.id) });
    },
  }),
  route({
    method: "GET",
    path: "/api/imports",
    policy: "user",
    summary: "Imports, newest first",
    query: z.object(pageQuery),
    responses: { 200: z.object({ items: z.array(importView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor }, requester }) => {
      const rows = await imports.list(ownerOf(requester), limit, cursor);
      const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }));
      return json(200, { ...page, items: page.items.map((row) => toImportView(row, clock.now())) });
    },
  }),
  route({
    method: "GET",
    path: "/api/imports/:id",
    policy: "user",
    summary: "One import: its progress, the outcome of its rows, and its first 100 errors",
    params: idParams,
    responses: { 200: importDetailsView },
    handler: async ({ params, requester }) => {
      const found = await find(imports, params.id, requester);
      const rejects = await imports.rejects(params.id, 0, ROWS_SHOWN);
      const conflicts = found.undo_counts?.["conflicts"]
        ? await imports.conflicts(params.id, ROWS_SHOWN)
        : [];
      return json(200, toImportDetailsView(found, { rejects, conflicts }, clock.now()));
    },
  }),
  route({
    method: "GET",
    path: "/api/imports/:id/rejects.csv",
    policy: "user",
    summary: "The rejected rows as a CSV that can be corrected and imported again",
    params: idParams,
    answers: ["text/csv"],
    responses: { 200: z.undefined() },
    ticket: true,
    handler: async ({ params, requester }) => {
      const { stream } = await rejectsCsv(imports, await find(imports, params.id, requester));
      const headers = {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="rejects-${params.id}.csv"`,
      };
      return new Response(stream, { headers });
    },
  }),
  route({
    method: "DELETE",
    path: "/api/imports/:id",
    policy: "user",
    summary: "Cancel an import: rows written so far stay, and the rest of the file is not written",
    params: idParams,
    responses: { 202: importView },
    handler: async ({ params, requester }) => {
      const { job_id } = await find(imports, params.id, requester);
      if (job_id === null) throw new AppError("job_ended", "The import has ended");
      await cancelJob(job_id, ownerOf(requester), requester.id);
      return json(202, toImportView(await find(imports, params.id, requester), clock.now()));
    },
  }),
];

async function find(
  imports: Pick<ImportRepository, "get">,
  id: string,
  requester: Requester,
): Promise<ImportWithState> {
  const found = await imports.get(id, ownerOf(requester));
  if (found === null) throw new AppError("not_found", "Import not found");
  return found;
}

function hasFewKeys(record: Record<string, unknown>): boolean {
  return Object.keys(record).length <= 200;
}

const dense = (fields: Record<string, string | null | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
