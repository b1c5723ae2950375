import { z } from "zod";
import type { Jobs } from "#jobs/accept.ts";
import { jobOptions, request } from "#jobs/request.ts";
import { accepted, acceptedView, jobUrl } from "#jobs/view.ts";
import type { Storage } from "#lib/database/storage.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";
import { dateRange, generateReportRequested, reportFormat, reportType, wanted } from "./events.ts";
import { findFile, findReport, noReport } from "./find-report.ts";
import { downloadUrl, REPORTS_BUCKET, reportUrl } from "./paths.ts";
import { previewRoute } from "./preview-route.ts";
import { rangeOf } from "./range.ts";
import type { ReportRepository, ReportWithJob } from "./repository.ts";
import { wantedOf } from "./wanted.ts";

type Dependencies = {
  reports: Pick<ReportRepository, "accept" | "list" | "get" | "revoke">;
  storage: Pick<Storage, "signedUrl" | "get">;
  jobs: Pick<Jobs, "accept">;
};

/**
 * How long a download address is valid. The time is short, so that an address that is found later in a chat or a log is
 * useless.
 */
const LINK_SECONDS = 60;

export const reportView = z.object({
  id: z.uuid(),
  reportType,
  format: reportFormat,
  dateRange,
  /** Null unless the type is "campaign". */
  campaignId: z.uuid().nullable(),
  status: z.string(),
  error: z.unknown(),
  rows: z.number().nullable(),
  bytes: z.number().nullable(),
  snapshotAt: z.string().nullable(),
  createdAt: z.string(),
  /** After this time the file is deleted. */
  expiresAt: z.string(),
  revokedAt: z.string().nullable(),
  downloadUrl: z.string().nullable(),
  jobUrl: z.string(),
});

export const reportRoutes = ({ reports, storage, jobs }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/reports",
    policy: "user",
    summary:
      "Request a report, or a list as CSV; the same report requested again within a minute is the same job",
    body: wanted.extend(jobOptions),
    responses: { 202: acceptedView.extend({ reportUrl: z.string() }) },
    handler: async ({
      body: { reportType, dateRange, campaignId, format, ...options },
      requester,
      idempotencyKey,
    }) => {
      const scope = ownerOf(requester);
      const report = { scope, ...wantedOf({ reportType, dateRange, campaignId, format }) };
      const asked = request(
        generateReportRequested,
        {
          reportType,
          dateRange,
          campaignId,
          format: report.format,
          userId: requester.owner,
          // When the job is run again, the new job knows only the event.
          ...(scope === null && { allOwners: true }),
        },
        { ...options, requester, key: idempotencyKey },
      );
      const job = await jobs.accept(asked, (wish) => reports.accept(wish, report));
      const answer = { ...accepted("Generating…", job.id), reportUrl: reportUrl(job.id) };
      return json(202, answer, { location: reportUrl(job.id) });
    },
  }),
  route({
    method: "GET",
    path: "/api/reports",
    policy: "user",
    summary: "Reports, newest first",
    query: z.object(pageQuery),
    responses: { 200: z.object({ items: z.array(reportView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor }, requester }) => {
      const page = toPage(await reports.list(ownerOf(requester), limit, cursor), limit, (report) => ({
        at: report.created_at,
        id: report.id,
      }));
      return json(200, { ...page, items: page.items.map(toReportView) });
    },
  }),
  route({
    method: "GET",
    path: "/api/reports/:id",
    policy: "user",
    summary: "One report",
    params: idParams,
    responses: { 200: reportView },
    handler: async ({ params, requester }) =>
      json(200, toReportView(await findReport(reports, params.id, requester))),
  }),
  route({
    method: "GET",
    path: "/api/reports/:id/download",
    policy: "user",
    summary: "Redirect to the file, at an address of Storage that is valid for a minute",
    params: idParams,
    responses: { 303: z.undefined() },
    ticket: true,
    handler: async ({ params, requester }) => {
      const report = await findFile(reports, params.id, requester);
      const url = await storage.signedUrl(REPORTS_BUCKET, report.path, LINK_SECONDS, fileNameOf(report));
      return new Response(null, { status: 303, headers: { location: url, "cache-control": "no-store" } });
    },
  }),
  previewRoute({ reports, storage }),
  route({
    method: "DELETE",
    path: "/api/reports/:id",
    policy: "user",
    summary: "Revoke a report: it cannot be downloaded any more, and its file is removed",
    params: idParams,
    responses: { 204: z.undefined() },
    handler: async ({ params, requester }) => {
      if (!(await reports.revoke(params.id, ownerOf(requester)))) throw noReport();
      return json(204, undefined);
    },
  }),
];

const fileNameOf = ({ type, starts_at, format }: ReportWithJob): string =>
  `${type}-${starts_at.slice(0, 10)}.${format}`;

function toReportView(report: ReportWithJob): z.output<typeof reportView> {
  return {
    id: report.id,
    reportType: report.type,
    format: report.format,
    dateRange: rangeOf(report),
    campaignId: report.campaign_id,
    status: report.status,
    error: report.error,
    rows: report.row_count,
    bytes: report.byte_count,
    snapshotAt: report.snapshot_at,
    createdAt: report.created_at,
    expiresAt: report.expires_at,
    revokedAt: report.revoked_at,
    downloadUrl: report.snapshot_at === null || report.revoked_at !== null ? null : downloadUrl(report.id),
    jobUrl: jobUrl(report.id),
  };
}
