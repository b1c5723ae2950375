import { Badge } from "#dashboard/components/badge.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { count } from "#dashboard/format.ts";
import type { Report } from "#dashboard/types.ts";
import { ReportActions } from "./actions.tsx";
import { ReportState } from "./state.tsx";
import { stateOf, titleOf } from "./words.ts";

type CardProps = { report: Report; onChange: () => void };

export function ReportCard({ report, onChange }: CardProps) {
  const { id, format, rows, createdAt } = report;
  const title = titleOf(report);
  return (
    <article className="card report" aria-label={title}>
      <header>
        <div className="row">
          <h2>
            <a href={`#/reports/${id}`}>{title}</a>
          </h2>
          <Badge status={stateOf(report)} />
        </div>
        <span className="quiet small">
          <TimeAgo at={createdAt} />
        </span>
      </header>
      <div className="row apart">
        <ReportState report={report}>
          {format.toUpperCase()}, {rows === null ? "no rows" : `${count(rows)} rows`}
        </ReportState>
        <ReportActions report={report} onChange={onChange} />
      </div>
    </article>
  );
}
