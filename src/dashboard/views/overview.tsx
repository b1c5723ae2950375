import { Card } from "#dashboard/components/card.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { JobStats } from "#dashboard/types.ts";
import { ClassTable } from "./overview/class-table.tsx";
import { KeyNumbers } from "./overview/key-numbers.tsx";
import { LastHour } from "./overview/last-hour.tsx";
import { Latest } from "./overview/latest.tsx";
import { Month } from "./overview/month.tsx";
import { StackParts } from "./overview/stack-parts.tsx";

/** The overview of all work. */
export function Overview() {
  const {
    data: stats,
    problem,
    reload,
  } = useApi<JobStats>("/api/jobs/stats", {
    isNews: ({ job, before }) => job.status !== before?.status,
  });
  return (
    <Page title="Overview" actions={<StackParts />}>
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {stats === undefined && problem === undefined && <Loading rows={6} what="Loading the numbers" />}
      {stats !== undefined && (
        <>
          <KeyNumbers stats={stats} />
          <LastHour perMinute={stats.perMinute} />
          <Card title="Waiting and promises, by class" flush>
            <ClassTable classes={stats.classes} />
          </Card>
        </>
      )}
      <Month />
      <Latest />
    </Page>
  );
}
