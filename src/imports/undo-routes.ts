import { randomUUID } from "node:crypto";
import { importRequested, importUndoRequested } from "#imports/events.ts";
import { storedFile } from "#imports/find-file.ts";
import { suggestMapping } from "#imports/mapping.ts";
import { rejectsCsv } from "#imports/rejects-csv.ts";
import type { ImportRepository } from "#imports/repository.ts";
import { IMPORTS_BUCKET } from "#imports/source.ts";
import { targetOf } from "#imports/targets.ts";
import { importUrl, receipt } from "#imports/view.ts";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  imports: ImportRepository;
  storage: Pick<Storage, "open" | "putStream">;
  jobs: Pick<Jobs, "accept">;
};

/** The most rejected rows that one request can copy into a new import. */
const MOST_RETRIED = 100_000;

/** Routes for imports that have ended. */
export const importUndoRoutes = ({ imports, storage, jobs }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/imports/:id/undo",
    policy: "user",
    summary: "Undo an import; rows that were changed since are listed and left unchanged",
    params: idParams,
    responses: { 202: acceptedView },
    handler: async ({ params: { id }, requester, idempotencyKey: key }) => {
      const data = { importId: id, userId: requester.owner };
      const wanted = request(importUndoRequested, data, { requester, key });
      const job = await jobs.accept(wanted, (asked) => imports.acceptUndo(asked, id, ownerOf(requester)));
      return json(202, accepted("Undoing", job.id));
    },
  }),
  route({
    method: "POST",
    path: "/api/imports/:id/retry",
    policy: "user",
    summary: "Import the rejected rows again, unchanged",
    params: idParams,
    timeoutMs: 30_000,
    responses: { 202: receipt },
    handler: async ({ params, requester, idempotencyKey: key }) => {
      const found = await imports.get(params.id, ownerOf(requester));
      if (found === null) throw new AppError("not_found", "Import not found");
      const { rejected } = found.counts;
      if (found.ended_at === null || rejected === 0 || rejected > MOST_RETRIED) {
        throw new AppError("conflict", "There are no rejected rows to import again, or too many", {
          hint: `Wait until the import has ended. For more than ${MOST_RETRIED} rows, download rejects.csv and import that file.`,
        });
      }
      const { stream, columns } = await rejectsCsv(imports, found);
      const file = await imports.addFile(requester.owner, `rejects of ${found.file_name}`.slice(0, 200));
      await storage.putStream(IMPORTS_BUCKET, file.path, stream, "text/csv");
      const source = await storedFile(storage, file);
      const target = targetOf(found.target);
      const known = Object.entries(found.mapping ?? {}).filter(([column]) => columns.includes(column));
      const id = randomUUID();
      const data = {
        importId: id,
        fileUrl: source.fileUrl,
        importType: target.name,
        userId: requester.owner,
      };
      const wanted = request(importRequested, data, {
        requester,
        key,
        id,
        comparedData: { retryOf: params.id },
      });
      const job = await jobs.accept(wanted, (asked) =>
        imports.accept(
          asked,
          {
            ...source,
            target: target.name,
            options: found.options,
            mapping: { ...suggestMapping(columns, target), ...Object.fromEntries(known) },
            merge: found.merge,
            absent: found.absent,
            dryRun: found.is_dry_run,
            again: true,
            declaredFormat: { format: "csv", encoding: "utf-8", separator: "," },
          },
          ownerOf(requester),
        ),
      );
      const answer = { ...accepted("Importing", job.id), importId: job.id, importUrl: importUrl(job.id) };
      return json(202, answer, { location: importUrl(job.id) });
    },
  }),
];
