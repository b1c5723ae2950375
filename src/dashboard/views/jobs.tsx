import { useEffect } from "react";
import { announce } from "#dashboard/announce.ts";
import { Badge } from "#dashboard/components/badge.tsx";
import { Filters } from "#dashboard/components/filters.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { Duration, TimeAgo } from "#dashboard/components/time.tsx";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import { useLive } from "#dashboard/hooks/use-live.ts";
import type { Job } from "#dashboard/types.ts";
import type { ViewProps } from "./index.ts";
import { JobPage } from "./job/index.tsx";

const STATUSES = ["queued", "running", "completed", "failed", "canceled", "skipped"];

const FIELDS = [
  { name: "status", label: "Status", options: STATUSES },
  { name: "kind", label: "Kind", placeholder: "campaign" },
  { name: "function", label: "Function" },
  { name: "requester", label: "Requested by" },
];

const COLUMNS: readonly Column<Job>[] = [
  {
    head: "Job",
    cell: (job) => (
      <>
        <a href={pageOf(job.links.self)}>{job.kind}</a>
        {job.kind !== job.function && <small>{job.function}</small>}
      </>
    ),
  },
  { head: "Status", cell: ({ status }) => <Badge status={status} />, tight: true },
  { head: "Progress", cell: ({ progress }) => <Progress progress={progress} /> },
  {
    head: "Requested by",
    cell: ({ requester }) => <span className="mono">{requester}</span>,
    hideOnPhone: true,
  },
  { head: "Accepted", cell: ({ createdAt }) => <TimeAgo at={createdAt} />, tight: true },
  {
    head: "Took",
    cell: ({ startedAt, endedAt }) => <Duration from={startedAt} to={endedAt} />,
    align: "end",
    tight: true,
    hideOnPhone: true,
  },
];

export function Jobs({ id, query }: ViewProps) {
  return id === undefined ? <JobList query={query} /> : <JobPage id={id} />;
}

/** The live list. */
function JobList({ query }: Pick<ViewProps, "query">) {
  const { jobs, problem, isLoading, reload } = useLive(Object.fromEntries(query));
  const running = jobs?.filter(({ status }) => status === "running").length ?? 0;
  useEffect(() => {
    if (jobs !== undefined) announce(`${jobs.length} jobs shown, ${running} running`);
  }, [jobs, running]);
  return (
    <Page title={query.get("parent") ? "Jobs of one parent" : "Jobs"}>
      <Filters view="jobs" fields={FIELDS} query={query} />
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {jobs === undefined && problem === undefined && <Loading rows={8} what="Loading jobs" />}
      {jobs?.length === 0 && <Empty title="No job fits">Work appears here as soon as it is accepted.</Empty>}
      {jobs !== undefined && jobs.length > 0 && (
        <Table
          caption="Jobs, newest first"
          columns={COLUMNS}
          rows={jobs}
          keyOf={({ id }) => id}
          isBusy={isLoading}
        />
      )}
    </Page>
  );
}
