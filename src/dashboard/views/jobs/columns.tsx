import type { Job } from "#client/index.ts";
import { Badge } from "#dashboard/components/badge.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { Duration, TimeAgo } from "#dashboard/components/time.tsx";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";

/** A job in a row. */
export const JOB_COLUMNS: readonly Column<Job>[] = [
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
  {
    head: "Class",
    cell: ({ priority }) => <span className="mono quiet">P{priority}</span>,
    tight: true,
    hideOnPhone: true,
  },
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
