import { useEffect, useMemo } from "react";
import type { Job } from "#client/index.ts";
import { announce } from "#dashboard/announce.ts";
import { type FilterField, Filters } from "#dashboard/components/filters.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { Table } from "#dashboard/components/table.tsx";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { useJobs } from "#dashboard/hooks/use-jobs.ts";
import type { ViewProps } from "./index.ts";
import { JobPage } from "./job/index.tsx";
import { JOB_COLUMNS } from "./jobs/columns.tsx";
import { Pager } from "./pager.tsx";

const STATUSES = ["queued", "running", "completed", "failed", "canceled", "skipped"];
const FIELDS: readonly FilterField[] = [
  { name: "status", label: "Status", options: STATUSES },
  { name: "search", label: "Search", placeholder: "Function, requester, error, id, owner, key" },
  { name: "kind", label: "Kind", isRare: true },
  { name: "function", label: "Function", isRare: true },
  { name: "requester", label: "Requested by", isRare: true },
  { name: "parent", label: "Parent job", isRare: true },
];
const SHOWN = 50;

export function Jobs({ id, query }: ViewProps) {
  return id === undefined ? <JobList query={query} /> : <JobPage id={id} />;
}

/** The live list. Its older pages are live too: each follows the stream of all jobs accepted before a given time. */
function JobList({ query }: Pick<ViewProps, "query">) {
  const filter = useMemo(() => Object.fromEntries(query), [query]);
  const { jobs, problem, isStale } = useJobs(filter);
  const shown = useMemo(() => jobs?.slice(0, SHOWN), [jobs]);
  const next = jobs?.[SHOWN];
  const said = shown === undefined || isStale ? undefined : `${shown.length} jobs shown`;
  useEffect(() => {
    if (said !== undefined) announce(said);
  }, [said]);

  return (
    <Page title={query.get("parent") ? "Child jobs" : "Jobs"}>
      <Filters view="jobs" fields={FIELDS} query={query} />
      {problem && <ErrorNote problem={problem} />}
      {shown === undefined && problem === undefined && <Loading rows={8} what="Loading jobs" />}
      {shown?.length === 0 && !isStale && (
        <Empty title={query.size === 0 ? "No work yet" : "No job matches"}>
          {query.size === 0
            ? "It appears here as soon as it is accepted."
            : "Jobs that match this filter appear here as soon as they are accepted."}
        </Empty>
      )}
      {shown !== undefined && shown.length > 0 && (
        <Table
          caption="Jobs, newest first"
          columns={JOB_COLUMNS}
          rows={shown}
          keyOf={({ id }) => id}
          isBusy={isStale}
        />
      )}
      <Pager
        label="Pages of jobs"
        steps={[
          query.get("to") && { text: "Newest", href: withQuery("#/jobs", { ...filter, to: null }) },
          next && { text: "Older", href: withQuery("#/jobs", { ...filter, to: until(next) }) },
        ]}
      />
    </Page>
  );
}

/** A time just after this job was accepted, so that jobs of the same millisecond are included. */
const until = ({ createdAt }: Job): string => new Date(Date.parse(createdAt) + 1).toISOString();
