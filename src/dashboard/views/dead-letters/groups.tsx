import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { LetterGroup } from "#dashboard/types.ts";
import { GroupActions } from "#dashboard/views/dead-letters/group-actions.tsx";
import { Sparkline } from "#dashboard/views/dead-letters/sparkline.tsx";

type GroupsProps = { everyMs: number; onChange: () => void };

/**
 * The causes that have more than one open dead letter, or that occurred again after they were fixed, each with the
 * actions for all its letters.
 */
export function LetterGroups({ everyMs, onChange }: GroupsProps) {
  const { data, reload } = useApi<{ items: LetterGroup[] }>("/api/dead-letters/groups?status=failed", {
    everyMs,
  });
  const groups = data?.items.filter(({ counts, reopened }) => counts.open > 1 || reopened !== null) ?? [];
  if (groups.length === 0) return null;
  const changed = () => {
    reload();
    onChange();
  };
  return (
    <Card title="By cause">
      <Table
        caption="Open dead letters by cause"
        columns={columns(changed)}
        rows={groups}
        keyOf={({ fingerprint }) => fingerprint}
      />
    </Card>
  );
}

const columns = (onChange: () => void): Column<LetterGroup>[] => [
  {
    head: "Cause",
    cell: (group) => (
      <>
        <a href={`#/dead-letters?fingerprint=${group.fingerprint}`}>{group.function}</a>{" "}
        {group.error.code !== null && <code>{group.error.code}</code>}
        {group.reopened && (
          <p className="small reopened">
            Reopened <TimeAgo at={group.reopened.at} />
            {group.reopened.release !== null && ` with deploy ${group.reopened.release}`}
          </p>
        )}
        <p className="cut quiet small group-message" dir="auto">
          {group.error.message ?? "No message"}
        </p>
      </>
    ),
  },
  { head: "Open", align: "end", tight: true, cell: ({ counts }) => counts.open },
  {
    head: "Last 24 hours",
    tight: true,
    hideOnPhone: true,
    cell: ({ hourly }) => <Sparkline counts={hourly} />,
  },
  { head: "First", tight: true, onlyWide: true, cell: ({ firstAt }) => <TimeAgo at={firstAt} /> },
  { head: "Last", tight: true, hideOnPhone: true, cell: ({ lastAt }) => <TimeAgo at={lastAt} /> },
  {
    head: "For all of them",
    tight: true,
    cell: (group) => (
      <div className="row group-actions">
        <GroupJob group={group} />
        <GroupActions group={group} onChange={onChange} />
      </div>
    ),
  },
];

/** The job that reprocesses or ignores the group, while it is open or after it was halted. */
function GroupJob({ group: { job, links } }: { group: LetterGroup }) {
  if (job === null || links.job === null) return null;
  const isOpen = job.status === "queued" || job.status === "running";
  if (!isOpen && job.haltedAt === null) return null;
  return (
    <a href={pageOf(links.job)}>
      {isOpen ? <Badge status={job.status} /> : "Halted: too many did not succeed"}
    </a>
  );
}
