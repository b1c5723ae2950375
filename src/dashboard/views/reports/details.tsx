import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Facts } from "#dashboard/components/facts.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { count, exact } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { Report } from "#dashboard/types.ts";
import { ReportActions } from "./actions.tsx";
import { Preview } from "./preview.tsx";
import { ReportState } from "./state.tsx";
import { isOfReports, stateOf, titleOf } from "./words.ts";

export function ReportDetails({ id }: { id: string }) {
  const path = `/api/reports/${id}`;
  const { data: report, problem, isLoading, reload } = useApi<Report>(path, { isNews: isOfReports });
  return (
    <Page
      title={report ? titleOf(report) : "Report"}
      back={{ href: "#/reports", text: "All reports" }}
      beside={report && <Badge status={stateOf(report)} />}
      actions={report && <ReportActions report={report} onChange={reload} />}
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !report && <Loading />}
      {report && (
        <Card>
          {(report.format === "csv" || report.downloadUrl === null) && (
            <ReportState report={report}>A CSV has no preview.</ReportState>
          )}
          <Facts facts={factsOf(report)} />
        </Card>
      )}
      {report?.downloadUrl && report.format === "pdf" && <Preview report={report} />}
    </Page>
  );
}

function factsOf(report: Report): Fact[] {
  const { format, campaignId, rows, bytes, snapshotAt, createdAt, expiresAt, jobUrl } = report;
  const facts: Fact[] = [
    { name: "Format", value: format.toUpperCase() },
    { name: "Asked for", value: <TimeAgo at={createdAt} /> },
  ];
  if (snapshotAt !== null) facts.push({ name: "State of", value: exact(snapshotAt) });
  if (rows !== null) facts.push({ name: "Rows", value: count(rows) });
  if (bytes !== null) facts.push({ name: "Size", value: `${count(Math.ceil(bytes / 1000))} KB` });
  if (campaignId !== null)
    facts.push({ name: "Campaign", value: <a href={`#/campaigns/${campaignId}`}>Open campaign</a> });
  facts.push(
    { name: "Kept until", value: exact(expiresAt) },
    { name: "Made by", value: <a href={pageOf(jobUrl)}>Job</a> },
  );
  return facts;
}
