import { useMemo } from "react";
import { Card } from "#dashboard/components/card.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { Table } from "#dashboard/components/table.tsx";
import { useJobs } from "#dashboard/hooks/use-jobs.ts";
import { JOB_COLUMNS } from "#dashboard/views/jobs/columns.tsx";

const SHOWN = 10;

/** The newest jobs of a function that failed. */
export function Failures({ functionId }: { functionId: string }) {
  const filter = useMemo(() => ({ function: functionId, status: "failed" }), [functionId]);
  const { jobs, problem, isStale } = useJobs(filter);
  const latest = useMemo(() => jobs?.slice(0, SHOWN), [jobs]);
  if (problem) return <ErrorNote problem={problem} />;
  // Until the answer to this filter arrives, the jobs are those of all functions.
  if (latest === undefined || isStale) return <Loading rows={3} what="Loading the failures" />;
  return (
    <Card title="Latest failures" flush={latest.length > 0}>
      {latest.length === 0 ? (
        <Empty icon="check" title="No failure">
          None of its jobs in the ledger has failed.
        </Empty>
      ) : (
        <Table
          caption="Latest failures"
          columns={JOB_COLUMNS}
          rows={latest}
          keyOf={({ id }) => id}
          isLinked
        />
      )}
    </Card>
  );
}
