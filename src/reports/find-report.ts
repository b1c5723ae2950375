import { jobUrl } from "#jobs/view.ts";
import { AppError } from "#lib/errors.ts";
import { ownerOf, type Requester } from "#lib/http/route.ts";
import type { ReportRepository, ReportWithJob } from "./repository.ts";

type Reports = Pick<ReportRepository, "get">;

const ENDED_WITHOUT_FILE = ["failed", "canceled", "skipped"];

export const noReport = () => new AppError("not_found", "Report not found");

/** A report that the requester may read. */
export async function findReport(reports: Reports, id: string, requester: Requester): Promise<ReportWithJob> {
  const report = await reports.get(id, ownerOf(requester));
  if (report === null) throw noReport();
  return report;
}

/** A report that the requester may read, when its file exists. */
export async function findFile(reports: Reports, id: string, requester: Requester): Promise<ReportWithJob> {
  const report = await findReport(reports, id, requester);
  if (report.revoked_at !== null) throw new AppError("not_found", "This report was revoked");
  if (report.snapshot_at === null && ENDED_WITHOUT_FILE.includes(report.status)) {
    throw new AppError(
      "conflict",
      `This report was not generated: its job ${report.status === "failed" ? "failed" : `was ${report.status}`}`,
      {
        hint: `Read the reason at ${jobUrl(report.id)}, then request the report again.`,
      },
    );
  }
  if (report.snapshot_at === null) {
    throw new AppError("conflict", "This report is not generated yet", {
      hint: `Follow ${jobUrl(report.id)} until it is completed.`,
    });
  }
  return report;
}
