import { z } from "zod";
import type { EstimateImport } from "#imports/estimate.ts";
import { fileName, findFile, sourceSchema } from "#imports/find-file.ts";
import { guess } from "#imports/guess.ts";
import type { ImportRepository } from "#imports/repository.ts";
import { declaredFormatSchema } from "#imports/rows.ts";
import { IMPORTS_BUCKET, openSource } from "#imports/source.ts";
import { targets } from "#imports/targets.ts";
import type { Clock } from "#lib/clock.ts";
import type { Storage } from "#lib/database/storage.ts";
import { text } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";

type Dependencies = {
  imports: Pick<ImportRepository, "addFile" | "findFile" | "lastMapping">;
  storage: Pick<Storage, "open" | "put" | "uploadUrl">;
  safeFetch: SafeFetch;
  clock: Clock;
  estimateImport: EstimateImport;
};

/** How long the address of an upload is valid; Storage sets this. */
const UPLOAD_LIFE_MS = 2 * 60 * 60 * 1000;

export const targetView = z.object({
  name: z.string(),
  title: z.string(),
  fields: z.array(z.object({ name: z.string(), required: z.boolean() })),
  isOpen: z.boolean(),
  merge: z.string(),
  absent: z.string(),
  /** The JSON Schema of the options that an import into this target takes. */
  options: z.record(z.string(), z.json()),
});
const jsonSchema = targetView.shape.options;
export const guessView = z.object({
  format: z.string(),
  encoding: z.string(),
  separator: z.string().nullable(),
  isGzip: z.boolean(),
  columns: z.array(z.string()),
  mapping: z.record(z.string(), z.string().nullable()),
  mappingIs: z.enum(["saved", "suggested"]),
  /** Required fields without a column. */
  missing: z.array(z.string()),
  rows: z.array(
    z.object({ line: z.number(), cells: z.array(z.string()).nullable(), raw: z.string().nullable() }),
  ),
  bytes: z.number(),
  /** An estimate of the file's number of rows and of the cost of their import; null for a packed file. */
  estimate: z
    .object({
      rows: z.number(),
      executions: z.number(),
      /** The cost of a month in which this import is the only work; null when a price is on request. */
      cheapestUsd: z.number().nullable(),
    })
    .nullable(),
});
z.globalRegistry.add(guessView, { id: "ImportGuess" });

export const importFileRoutes = ({
  imports,
  storage,
  safeFetch,
  clock,
  estimateImport,
}: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/imports/targets",
    policy: "user",
    summary: "The targets of imports, and the fields and options of each",
    responses: { 200: z.object({ items: z.array(targetView) }) },
    handler: async () =>
      json(200, {
        items: targets.map(({ name, title, fields, isOpen, merge, absent, options }) => ({
          name,
          title,
          fields: fields.map((field) => ({ name: field.name, required: field.required ?? false })),
          isOpen,
          merge,
          absent,
          options: jsonSchema.parse(z.toJSONSchema(options)),
        })),
      }),
  }),
  route({
    method: "POST",
    path: "/api/imports/uploads",
    policy: "user",
    summary:
      "Create an upload: an address of Storage that accepts one file by PUT, of any size that Storage accepts",
    body: z.object({ fileName }),
    responses: {
      201: z.object({ uploadId: z.uuid(), method: z.literal("PUT"), url: z.string(), expiresAt: z.string() }),
    },
    handler: async ({ body, requester }) => {
      const expiresAt = new Date(clock.now().getTime() + UPLOAD_LIFE_MS).toISOString();
      const file = await imports.addFile(requester.owner, body.fileName);
      const url = await storage.uploadUrl(IMPORTS_BUCKET, file.path);
      return json(201, { uploadId: file.id, method: "PUT", url, expiresAt });
    },
  }),
  route({
    method: "POST",
    path: "/api/imports/guess",
    policy: "user",
    summary: "The format of a file, its first rows, the field of each column, and what its import costs",
    body: z.object({ source: sourceSchema, target: text(100), ...declaredFormatSchema.shape }),
    timeoutMs: 20_000,
    responses: { 200: guessView },
    handler: async ({ body: { source, target, ...dialect }, requester }) => {
      const { fileUrl } = await findFile({ imports, storage }, source, requester);
      const opened = await openSource({ storage, safeFetch }, fileUrl, null);
      return json(
        200,
        await guess(imports, requester.owner, opened, { target, given: dialect }, estimateImport),
      );
    },
  }),
];
