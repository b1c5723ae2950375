import { useMemo } from "react";
import { Card } from "#dashboard/components/card.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { Table } from "#dashboard/components/table.tsx";
import { useJobs } from "#dashboard/hooks/use-jobs.ts";
import { JOB_COLUMNS } from "#dashboard/views/jobs/columns.tsx";
import { SampleWork } from "#dashboard/views/overview/sample-work.tsx";

const SHOWN = 6;

/** The newest jobs. Here a user sees the work that was just submitted. */
export function Latest() {
  const { jobs, problem } = useJobs();
  const latest = useMemo(() => jobs?.slice(0, SHOWN), [jobs]);
  return (
    <Card
      title="Latest jobs"
      actions={
        <a className="small" href="#/jobs">
          All jobs
        </a>
      }
      flush={latest !== undefined && latest.length > 0}
    >
      {problem && <ErrorNote problem={problem} />}
      {latest === undefined && problem === undefined && <Loading rows={3} what="Loading jobs" />}
      {latest?.length === 0 && (
        <Empty title="No work yet" action={<SampleWork />}>
          It appears here as soon as it is accepted. In the local stack, <code>npm run demo</code> shows a
          busy night.
        </Empty>
      )}
      {latest !== undefined && latest.length > 0 && (
        <Table
          caption="The latest jobs"
          columns={JOB_COLUMNS}
          rows={latest}
          keyOf={({ id }) => id}
          isLinked
        />
      )}
    </Card>
  );
}
