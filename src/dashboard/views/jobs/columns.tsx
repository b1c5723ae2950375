import type { Job } from "#client/index.ts";
import { Badge, toneOf } from "#dashboard/components/badge.tsx";
import { ClassMark } from "#dashboard/components/class-mark.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { Duration, TimeAgo } from "#dashboard/components/time.tsx";
import { fieldsOf } from "#dashboard/fields.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";

import "./columns.css";

/** The columns of a list of jobs. */
export const JOB_COLUMNS: readonly Column<Job>[] = [
  {
    head: "Job",
    cell: (job) => (
      <>
        <a href={pageOf(job.links.self)}>{job.kind}</a>
        <small>
          <span className="mono">{job.id.slice(-6)}</span> {job.kind !== job.function && job.function}{" "}
          <span className="on-phone">
            · <TimeAgo at={job.createdAt} />
          </span>
        </small>
        {job.subject !== null && (
          <span className="on-phone">
            <small>{job.subject}</small>
          </span>
        )}
      </>
    ),
  },
  {
    head: "Subject",
    cell: ({ subject }) =>
      subject !== null && (
        <span className="cut-cell" title={subject}>
          {subject}
        </span>
      ),
    hideOnPhone: true,
  },
  {
    head: "Status",
    cell: (job) => <Badge status={shownStatus(job)} />,
    tight: true,
  },
  {
    head: "Class",
    cell: ({ priority }) => <ClassMark priority={priority} />,
    tight: true,
    hideOnPhone: true,
  },
  {
    head: "Progress",
    cell: ({ progress, status }) => <Progress progress={progress} tone={toneOf(status)} />,
  },
  {
    head: "Last error",
    cell: (job) => <LastError job={job} />,
    hideOnPhone: true,
  },
  {
    head: "Requested by",
    cell: ({ requester }) => <span className="mono">{requester}</span>,
    onlyWide: true,
  },
  { head: "Accepted", cell: ({ createdAt }) => <TimeAgo at={createdAt} />, tight: true, hideOnPhone: true },
  {
    head: "Took",
    cell: ({ startedAt, endedAt }) => <Duration from={startedAt} to={endedAt} />,
    align: "end",
    tight: true,
    hideOnPhone: true,
  },
];

/** The state of a job that a person should see first: "blocked", then "paused", then the job's status. */
export const shownStatus = ({ status, blocked, isPaused }: Pick<Job, "status" | "blocked" | "isPaused">) =>
  blocked !== null ? "blocked" : isPaused ? "paused" : status;

/** The error that blocks the job or has ended it. */
function LastError({ job: { blocked, error } }: { job: Job }) {
  const fields = fieldsOf(blocked ?? error);
  const [code, message] = [fields.get("code"), fields.get("message")];
  if (typeof code !== "string" && typeof message !== "string") return null;
  return (
    <span className="cut-cell last-error" title={typeof message === "string" ? message : undefined}>
      {typeof code === "string" && <code>{code}</code>} {typeof message === "string" && message}
    </span>
  );
}
