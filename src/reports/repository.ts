import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";

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

const rows = z.array(z.tuple([z.json(), z.array(z.union([z.string(), z.number(), z.null()]))]));

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

    /** The report of the run's job; created here when app code sent the event itself. */
    open: (eventId: string, report: WantedReport & { owner: string }) =>
      call("open_report", { eventId, report }, reportRow),

    snapshot: (id: string, limit: number) => callTimeless("report_snapshot", { id, limit }, snapshotSchema),

    /** The headings of the table. */
    columns: (id: string) => callTimeless("report_columns", { id }, z.array(z.string())),

    /** The next rows, each with the cursor after which the next page begins. */
    rows: (id: string, after: Json, limit: number) => callTimeless("report_rows", { id, after, limit }, rows),

    complete: (id: string, snapshotAt: Date, rowCount: number, byteCount: number) =>
      call("complete_report", { id, snapshotAt: snapshotAt.toISOString(), rowCount, byteCount }),

    /** Newest first, at most `limit` + 1 rows: the extra row shows that there is a next page. */
    list: (owner: string | null, limit: number, before?: Position) =>
      callTimeless(
        "list_reports",
        { owner, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        reportWithJob.array(),
      ),

    /** Null when this owner has no such report. */
    get: (id: string, owner: string | null) =>
      callTimeless("get_report", { id, owner }, reportWithJob.nullable()),

    /** Returns whether this owner has such a report; its file cannot be downloaded any more. */
    revoke: (id: string, owner: string | null) => call("revoke_report", { id, owner }, z.boolean()),

    expired: (limit: number) => call("expired_reports", { limit }, reportRow.array()),

    forget: (ids: string[]) => callTimeless("forget_reports", { ids }),
  };
}
