import { z } from "zod";
import type { Storage } from "#lib/database/storage.ts";
import { AppError } from "#lib/errors.ts";
import { idParams, type Route, route } from "#lib/http/route.ts";
import { findFile } from "./find-report.ts";
import { downloadUrl, REPORTS_BUCKET } from "./paths.ts";
import type { ReportRepository } from "./repository.ts";

type Dependencies = { reports: Pick<ReportRepository, "get">; storage: Pick<Storage, "get"> };

/** A response of a Netlify function has at most 6 MB. */
const MOST_BYTES = 5_000_000;

/**
 * Serves a PDF from this site. The page cannot show Storage's own address, to which the download redirects, because its
 * content security policy forbids scripts and frames of other sites.
 */
export const previewRoute = ({ reports, storage }: Dependencies): Route =>
  route({
    method: "GET",
    path: "/api/reports/:id/preview",
    policy: "user",
    summary: "A report's PDF of at most 5 MB, to be shown in a page",
    params: idParams,
    responses: { 200: z.string() },
    answers: ["application/pdf"],
    handler: async ({ params, requester }) => {
      const report = await findFile(reports, params.id, requester);
      const hint = `Download it: ${downloadUrl(report.id)}`;
      if (report.format !== "pdf") throw new AppError("conflict", "Only a PDF has a preview", { hint });
      if ((report.byte_count ?? 0) > MOST_BYTES)
        throw new AppError("payload_too_large", "The report is too large for a preview", { hint });
      const file = await storage.get(REPORTS_BUCKET, report.path);
      if (!file) throw new AppError("not_found", "The file of this report was removed");
      return new Response(Buffer.from(file.bytes), { headers: { "content-type": "application/pdf" } });
    },
  });
