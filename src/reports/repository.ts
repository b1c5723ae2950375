import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";
import { snapshotSchema } from "./document.ts";
import { reportFormat, reportType } from "./events.ts";

export type ReportRepository = ReturnType<typeof reportRepository>;

const reportRow = z.object({
  id: z.uuid(),
  owner: z.string(),
  scope: z.string().nullable(),
  type: reportType,
  format: reportFormat,
  path: z.string(),
  campaign_id: z.uuid().nullable(),
  starts_at: z.string(),
  ends_at: z.string(),
  snapshot_at: z.string().nullable(),
  row_count: z.number().nullable(),
  byte_count: z.number().nullable(),
  revoked_at: z.string().nullable(),
  expires_at: z.string(),
  created_at: z.string(),
});
export type Report = z.output<typeof reportRow>;

const reportWithJob = reportRow.extend({ status: z.string(), error: z.unknown() });
export type ReportWithJob = z.output<typeof reportWithJob>;

const rows = z.array(z.array(z.union([z.string(), z.number(), z.null()])));

/** Rows per page: about 150 KB. */
const PAGE_ROWS = 2_000;
/** The most rows of a CSV. One statement copies them into pages, within the 7 s that a call of the database may take. */
const MOST_ROWS = 500_000;

/** A requested report. `scope` is the owner of its rows; null means all owners. */
export type WantedReport = {
  scope: string | null;
  type: string;
  format: string;
} & ({ startsAt: string; endsAt: string } | { campaignId: string });

export function reportRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    accept: (request: JobRequest, report: WantedReport) => call("accept_report", { request, report }, jobRow),

    /** Returns the report of the run's job. Creates the report when app code sent the event itself. */
    open: (eventId: string, report: WantedReport & { owner: string }) =>
      call("open_report", { eventId, report }, reportRow),

    snapshot: (id: string, limit: number) => callTimeless("report_snapshot", { id, limit }, snapshotSchema),

    /** The headings of the table. */
    columns: (id: string) => callTimeless("report_columns", { id }, z.array(z.string())),

    /** Copies all rows, as they are at this instant, into pages, and returns their number. */
    takePages: (id: string, snapshotId: string) =>
      callTimeless(
        "take_report_pages",
        { id, snapshotId, pageRows: PAGE_ROWS, mostRows: MOST_ROWS },
        z.int(),
      ),

    /** The rows of one page. Null when another try has taken a newer snapshot. */
    page: (snapshotId: string, page: number) =>
      callTimeless("report_page", { snapshotId, page }, rows.nullable()),

    /** Returns whether the report can be downloaded: it may have been revoked meanwhile. */
    complete: (id: string, snapshotAt: Date, rowCount: number, byteCount: number) =>
      call("complete_report", { id, snapshotAt: snapshotAt.toISOString(), rowCount, byteCount }, z.boolean()),

    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    list: (owner: string | null, limit: number, before?: Position) =>
      callTimeless(
        "list_reports",
        { owner, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        reportWithJob.array(),
      ),

    /** Null when this owner has no such report. */
    get: (id: string, owner: string | null) =>
      callTimeless("get_report", { id, owner }, reportWithJob.nullable()),

    /** Returns whether this owner has such a report. Its file cannot be downloaded any more. */
    revoke: (id: string, owner: string | null) => call("revoke_report", { id, owner }, z.boolean()),

    /** Deletes expired reports. Returns their number. */
    forget: (limit: number) => call("forget_reports", { limit }, z.number()),
  };
}
