import type { ReactNode } from "react";
import { fieldsOf } from "#dashboard/fields.ts";
import { idOf } from "#dashboard/hooks/use-hash-route.ts";
import type { Report } from "#dashboard/types.ts";
import { isBeingMade } from "./words.ts";

type StateProps = { report: Report; children: ReactNode };

/** Shown instead of the file: whether the report is being made, or why there is no file. */
export function ReportState({ report, children }: StateProps) {
  if (isBeingMade(report)) return <span role="status">Generating…</span>;
  if (report.revokedAt !== null) return <span className="quiet">Revoked: its file is removed.</span>;
  if (report.downloadUrl !== null) return <span className="quiet numbers">{children}</span>;
  const message = fieldsOf(report.error).get("message");
  return (
    <span className="bad">
      {typeof message === "string" ? message : "It was not made."}{" "}
      <a href={`#/jobs/${idOf(report.jobUrl)}`}>Job</a>
    </span>
  );
}
