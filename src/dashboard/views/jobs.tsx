import { useEffect, useMemo } from "react";
import type { Job } from "#client/index.ts";
import { announce } from "#dashboard/announce.ts";
import { type FilterField, Filters } from "#dashboard/components/filters.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Pager } from "#dashboard/components/pager.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { Table } from "#dashboard/components/table.tsx";
import { count } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { useJobs } from "#dashboard/hooks/use-jobs.ts";
import { useNow } from "#dashboard/hooks/use-now.ts";
import { useSteady } from "#dashboard/hooks/use-steady.ts";
import type { JobSummary } from "#dashboard/types.ts";
import type { ViewProps } from "./index.ts";
import { JobPage } from "./job/index.tsx";
import { JOB_COLUMNS } from "./jobs/columns.tsx";

const STATUSES = ["queued", "running", "completed", "failed", "canceled", "skipped"];
/** Periods of the filter "Accepted", in milliseconds. */
const PERIODS = new Map([
  ["last hour", 60 * 60_000],
  ["last 24 hours", 24 * 60 * 60_000],
  ["last 7 days", 7 * 24 * 60 * 60_000],
]);

/** The filters offer the values that exist, and also the value in the address. */
const fieldsFor = (found: JobSummary | undefined, query: URLSearchParams): readonly FilterField[] => {
  const listOf = (name: string, values: readonly string[] = []) => {
    const chosen = query.get(name);
    return chosen === null || values.includes(chosen) ? values : [chosen, ...values];
  };
  return [
    { name: "status", label: "Status", options: STATUSES },
    { name: "kind", label: "Kind", options: listOf("kind", found?.kinds) },
    { name: "requester", label: "Requested by", options: listOf("requester", found?.requesters) },
    { name: "period", label: "Accepted", options: [...PERIODS.keys()] },
    { name: "search", label: "Search", placeholder: "What for, function, requester, error, id, owner, key" },
    { name: "function", label: "Function", options: listOf("function", found?.functions), isRare: true },
    { name: "parent", label: "Parent job", isRare: true },
  ];
};
const SHOWN = 50;

export function Jobs({ id, query }: ViewProps) {
  return id === undefined ? <JobList query={query} /> : <JobPage id={id} />;
}

/**
 * The live list. Its older pages are live too: each follows the stream of all jobs after the last one of the page before.
 */
function JobList({ query }: Pick<ViewProps, "query">) {
  // The stream keeps its first period, because a new period would open a new stream each minute. Jobs that have become
  // too old for the period are left out here.
  const filter = useMemo(() => toFilter(query), [query]);
  const now = useNow(60_000);
  const { from = "" } = toFilter(query, now);
  const summary = withQuery("/api/jobs/summary", { ...filter, from, cursor: null });
  const { data: found } = useApi<JobSummary>(summary);
  const { jobs: received, problem, isStale } = useJobs(filter);
  const jobs = useMemo(
    () => (from === "" ? received : received?.filter(({ createdAt }) => isSince(createdAt, from))),
    [received, from],
  );
  const shown = useMemo(() => jobs?.slice(0, SHOWN), [jobs]);
  const last = jobs !== undefined && jobs.length > SHOWN ? shown?.at(-1) : undefined;
  const announcement = shown === undefined || isStale ? undefined : `${shown.length} jobs shown`;
  useEffect(() => {
    if (announcement !== undefined) announce(announcement);
  }, [announcement]);

  return (
    <Page title={query.get("parent") ? "Child jobs" : "Jobs"}>
      <Filters view="jobs" fields={fieldsFor(found, query)} query={query} />
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
        <SteadyJobs jobs={shown} subject={query.toString()} found={found} isBusy={isStale} />
      )}
      <Pager
        label="Pages of jobs"
        steps={[
          query.get("cursor") && {
            text: "Newest",
            href: withQuery("#/jobs", { ...Object.fromEntries(query), cursor: null }),
          },
          last && {
            text: "Older",
            href: withQuery("#/jobs", { ...Object.fromEntries(query), cursor: cursorAfter(last) }),
          },
        ]}
      />
    </Page>
  );
}

type ListProps = { jobs: readonly Job[]; subject: string; found: JobSummary | undefined; isBusy: boolean };

function SteadyJobs({ jobs, subject, found, isBusy }: ListProps) {
  const { rows, newCount, showNew, hold } = useSteady(jobs, subject);
  return (
    <div className="stack" {...hold}>
      <p className="row jobs-line quiet small">
        {typeof found?.total === "number" && <span>{totalOf(found.total, found.isMore)}</span>}
        {newCount > 0 && (
          <button type="button" className="plain" onClick={showNew}>
            Show {newCount} new {newCount === 1 ? "job" : "jobs"}
          </button>
        )}
      </p>
      <Table
        caption="Jobs, newest first"
        columns={JOB_COLUMNS}
        rows={rows}
        keyOf={({ id }) => id}
        isBusy={isBusy}
        isLinked
      />
    </div>
  );
}

const totalOf = (total: number, isMore: boolean): string =>
  `${isMore ? "More than " : ""}${count(total)} ${total === 1 ? "job" : "jobs"}`;

/**
 * Converts the filter in the address to a filter of the API. The period begins at a full minute, so that renders within
 * a minute make the same request.
 */
function toFilter(query: URLSearchParams, now = Date.now()): Record<string, string> {
  const { period, ...rest } = Object.fromEntries(query);
  const length = PERIODS.get(period ?? "");
  if (length === undefined) return rest;
  const from = Math.floor((now - length) / 60_000) * 60_000;
  return { ...rest, from: new Date(from).toISOString() };
}

const isSince = (time: string, from: string): boolean => Date.parse(time) >= Date.parse(from);

/** The cursor of the page that follows this job, as the API encodes it in `nextCursor`. Its characters are all ASCII. */
const cursorAfter = ({ createdAt, id }: Job): string =>
  btoa(JSON.stringify({ at: createdAt, id }))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
