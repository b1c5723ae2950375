import { Badge } from "#dashboard/components/badge.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { atLeast, lasting, share } from "#dashboard/format.ts";
import type { Activity } from "#dashboard/types.ts";
import "./functions.css";

const number = (value: number, isMore = false) =>
  value === 0 ? <span className="quiet">0</span> : atLeast(value, isMore);

/** A heading with two numbers below it: for the last hour and for the last day. */
const counted = (head: string, pick: (ended: Activity["lastDay"]) => number): Column<Activity> => ({
  head,
  cell: ({ lastHour, lastDay }) =>
    pick(lastDay) === 0 ? (
      <span className="quiet">–</span>
    ) : (
      <>
        {number(pick(lastHour), lastHour.isMore)} <span className="quiet">/</span>{" "}
        {number(pick(lastDay), lastDay.isMore)}
      </>
    ),
  align: "end",
  tight: true,
  hideOnPhone: true,
});

const COLUMNS: readonly Column<Activity>[] = [
  {
    head: "Function",
    cell: ({ function: id, summary, paused }) => (
      <>
        <a href={`#/functions/${id}`}>{id}</a> {paused !== null && <Badge status="paused" />}
        <small>{summary}</small>
      </>
    ),
  },
  { head: "Waiting", cell: ({ waiting }) => number(waiting), align: "end", tight: true },
  counted("Started, hour / day", ({ started }) => started),
  counted("Completed", ({ completed }) => completed),
  counted("Failed", ({ failed }) => failed),
  {
    head: "Failure rate",
    cell: ({ lastDay: { failureRate } }) => <FailureRate rate={failureRate} />,
    align: "end",
    tight: true,
  },
  {
    head: "p50",
    cell: ({ p50Ms }) => p50Ms !== null && lasting(p50Ms),
    align: "end",
    tight: true,
    hideOnPhone: true,
  },
  {
    head: "p95",
    cell: ({ p95Ms }) => p95Ms !== null && lasting(p95Ms),
    align: "end",
    tight: true,
    hideOnPhone: true,
  },
];

const FailureRate = ({ rate }: { rate: number | null }) =>
  rate === null ? (
    <span className="quiet">–</span>
  ) : (
    <span className={rate > 0.05 ? "bad" : undefined}>{share(rate)}</span>
  );

export const FunctionTable = ({ functions }: { functions: readonly Activity[] }) => (
  <div className="functions">
    <Table
      caption="Functions in the last hour and day"
      columns={COLUMNS}
      rows={functions}
      keyOf={({ function: id }) => id}
      isLinked
    />
  </div>
);
