import type { ReactNode } from "react";
import { Badge } from "#dashboard/components/badge.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { TimeAgo, TimeUntil } from "#dashboard/components/time.tsx";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { Schedule, Tick } from "#dashboard/types.ts";
import { ScheduleActions } from "./actions.tsx";
import { fateOf, localText, reasonOf } from "./words.ts";

/** A time in the schedule's own zone, and its distance from now. */
const SlotTime = ({ local, away }: { local: string; away: ReactNode }) => (
  <span className="slot">
    <span className="numbers">{localText(local)}</span>
    <span className="quiet small">{away}</span>
  </span>
);

const ScheduleName = ({ schedule: { name, summary, last } }: { schedule: Schedule }) => (
  <span className="slot">
    <a href={`#/schedules/${name}`}>{name}</a>
    <span className="quiet small">{summary}</span>
    {/* A phone does not show the column "Outcome", so the outcome is shown here. */}
    {last && (
      <span className="on-phone">
        <span className="quiet small">Last slot:</span> <Fate tick={last} />
      </span>
    )}
  </span>
);

const scheduleColumns = (onChange: () => void): readonly Column<Schedule>[] => [
  {
    head: "Schedule",
    cell: (schedule) => <ScheduleName schedule={schedule} />,
  },
  {
    head: "Next time",
    cell: ({ next, paused }) => {
      if (paused !== null) return <Badge status="held">paused</Badge>;
      return next === null ? (
        <span className="quiet">never again</span>
      ) : (
        <SlotTime local={next.local} away={<TimeUntil at={next.at} />} />
      );
    },
    tight: true,
  },
  {
    head: "Last slot",
    cell: ({ last }) =>
      last === null ? (
        <span className="quiet">none yet</span>
      ) : (
        <SlotTime local={last.local} away={<TimeAgo at={last.at} />} />
      ),
    tight: true,
    hideOnPhone: true,
  },
  {
    head: "Outcome",
    cell: ({ last }) =>
      last && (
        <span className="slot">
          <Fate tick={last} />
          <span className="quiet small">{reasonOf(last)}</span>
        </span>
      ),
    hideOnPhone: true,
  },
  {
    head: "Actions",
    cell: (schedule) => (
      <span className="schedule-buttons">
        <ScheduleActions schedule={schedule} onChange={onChange} />
      </span>
    ),
    tight: true,
    // On a phone only the schedule's page shows this column.
    hideOnPhone: true,
  },
];

type TableProps = { schedules: readonly Schedule[]; onChange: () => void };

export const ScheduleTable = ({ schedules, onChange }: TableProps) => (
  <Table
    caption="Schedules"
    columns={scheduleColumns(onChange)}
    rows={schedules}
    keyOf={({ name }) => name}
  />
);

const TICK_COLUMNS: readonly Column<Tick>[] = [
  {
    head: "Slot",
    cell: ({ at, local }) => <SlotTime local={local} away={<TimeAgo at={at} />} />,
    tight: true,
  },
  { head: "Fate", cell: (tick) => <Fate tick={tick} />, tight: true },
  { head: "Why, or what it did", cell: reasonOf },
  {
    head: "Job",
    cell: ({ jobUrl, jobStatus }) =>
      jobUrl === null ? (
        <span className="quiet">–</span>
      ) : (
        <a href={pageOf(jobUrl)}>
          <Badge status={jobStatus ?? "unknown"}>{jobStatus ?? "deleted"}</Badge>
        </a>
      ),
    tight: true,
  },
];

export const TickTable = ({ ticks }: { ticks: readonly Tick[] }) => (
  <Table caption="Last slots" columns={TICK_COLUMNS} rows={ticks} keyOf={({ at }) => at} />
);

const Fate = ({ tick }: { tick: Pick<Tick, "fate"> }) => {
  const { text, tone } = fateOf(tick);
  return (
    <Badge status={tick.fate} tone={tone}>
      {text}
    </Badge>
  );
};
