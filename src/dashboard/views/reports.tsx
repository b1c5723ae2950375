import { Page } from "#dashboard/components/page.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { PageOf, Report } from "#dashboard/types.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import { Pager } from "#dashboard/views/pager.tsx";
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
  const { data, problem, isLoading, reload } = useApi<PageOf<Report>>(path, { isNews: isOfReports });
  return (
    <Page title="Reports">
      <NewReport onChange={reload} />
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the reports" />}
      {data?.items.length === 0 && (
        <Empty icon="report" title="No report yet">
          Choose its subject. The page shows it as soon as it is ready.
        </Empty>
      )}
      <div className="stack">
        {data?.items.map((report) => (
          <ReportCard key={report.id} report={report} onChange={reload} />
        ))}
      </div>
      <Pager
        label="Pages of reports"
        steps={[
          cursor && { text: "Newest", href: "#/reports" },
          data?.nextCursor && { text: "Older", href: withQuery("#/reports", { cursor: data.nextCursor }) },
        ]}
      />
    </Page>
  );
}
