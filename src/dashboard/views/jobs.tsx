import { useCallback, useEffect, useMemo, useState } from "react";
import { announce } from "#dashboard/announce.ts";
import { Filters } from "#dashboard/components/filters.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { Table } from "#dashboard/components/table.tsx";
import { count } from "#dashboard/format.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useJobs } from "#dashboard/hooks/use-jobs.ts";
import type { ViewProps } from "./index.ts";
import { JobPage } from "./job/index.tsx";
import { JOB_COLUMNS } from "./jobs/columns.tsx";

const STATUSES = ["queued", "running", "completed", "failed", "canceled", "skipped"];
const FIELDS = [
  { name: "status", label: "Status", options: STATUSES },
  { name: "kind", label: "Kind" },
  { name: "function", label: "Function" },
  { name: "requester", label: "Requested by" },
];
const STEP = 50;

export function Jobs({ id, query }: ViewProps) {
  return id === undefined ? <JobList query={query} /> : <JobPage id={id} />;
}

/** The live list. */
function JobList({ query }: Pick<ViewProps, "query">) {
  const filter = useMemo(() => Object.fromEntries(query), [query]);
  const { jobs, problem, isStale, older } = useJobs(filter);
  const [most, setMost] = useState(STEP);
  const shown = useMemo(() => jobs?.slice(0, most), [jobs, most]);
  const running = jobs?.filter(({ status }) => status === "running").length ?? 0;
  const total = jobs?.length;
  useEffect(() => {
    if (total !== undefined) announce(`${total} jobs, ${running} running`);
  }, [total, running]);

  const { run: showMore, isBusy } = useAction(
    useCallback(async () => {
      if (jobs !== undefined && jobs.length < most + STEP) await older?.();
      setMost(most + STEP);
    }, [jobs, most, older]),
  );
  const hasMore = jobs !== undefined && (jobs.length > most || older !== undefined);

  return (
    <Page title={query.get("parent") ? "Child jobs" : "Jobs"}>
      <Filters view="jobs" fields={FIELDS} query={query} />
      {problem && <ErrorNote problem={problem} />}
      {shown === undefined && problem === undefined && <Loading rows={8} what="Loading jobs" />}
      {shown?.length === 0 && (
        <Empty title={query.size === 0 ? "No work yet" : "No job fits"}>
          {query.size === 0
            ? "It appears here as soon as it is accepted."
            : "What fits this filter appears here as soon as it is accepted."}
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
      {hasMore && (
        <div className="row">
          <button type="button" onClick={showMore} disabled={isBusy}>
            Show more
          </button>
          <span className="quiet small">{count(Math.min(most, jobs.length))} shown</span>
        </div>
      )}
    </Page>
  );
}
