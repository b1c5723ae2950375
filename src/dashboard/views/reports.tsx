import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { PageOf, Report } from "#dashboard/types.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import { ReportCard } from "#dashboard/views/reports/card.tsx";
import { ReportDetails } from "#dashboard/views/reports/details.tsx";
import { NewReport } from "#dashboard/views/reports/new-report.tsx";
import { isOfReports } from "#dashboard/views/reports/words.ts";
import "./reports.css";

const SHOWN = "10";

/** Reports as PDF or CSV. They are requested here, made by a job, and kept for a week. */
export function Reports({ id, query }: ViewProps) {
  return id === undefined ? <ReportList query={query} /> : <ReportDetails id={id} />;
}

function ReportList({ query }: Pick<ViewProps, "query">) {
  const cursor = query.get("cursor");
  const path = withQuery("/api/reports", { limit: SHOWN, cursor });
  const reports = useApi<PageOf<Report>>(path, { isNews: isOfReports });
  return (
    <Page title="Reports">
      <NewReport onChange={reports.reload} />
      <Pages
        of={reports}
        what="reports"
        empty={
          <Empty icon="report" title="No report yet">
            Choose its subject. The page shows it as soon as it is ready.
          </Empty>
        }
      >
        {(report) => <ReportCard report={report} onChange={reports.reload} />}
      </Pages>
    </Page>
  );
}
