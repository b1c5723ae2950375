import { ClassMark } from "#dashboard/components/class-mark.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { lasting, share, short } from "#dashboard/format.ts";
import type { JobStats } from "#dashboard/types.ts";

type Class = JobStats["classes"][number];

const ms = (value: number | null) => (value === null ? <span className="quiet">–</span> : lasting(value));
const number = (value: number) => (value === 0 ? <span className="quiet">0</span> : short(value));

const COLUMNS: readonly Column<Class>[] = [
  {
    head: "Class",
    cell: ({ priority }) => <ClassMark priority={priority} />,
  },
  { head: "Waiting", cell: ({ waiting }) => number(waiting), align: "end" },
  { head: "Running", cell: ({ running }) => number(running), align: "end" },
  { head: "Oldest", cell: ({ oldestWaitingMs }) => ms(oldestWaitingMs), align: "end", hideOnPhone: true },
  {
    head: "Promised within",
    cell: ({ promiseMs }) =>
      promiseMs === null ? <span className="quiet">no promise</span> : lasting(promiseMs),
    align: "end",
    hideOnPhone: true,
  },
  { head: "Kept", cell: (one) => <Kept {...one} />, align: "end" },
  { head: "Median wait", cell: ({ waitMsP50 }) => ms(waitMsP50), align: "end", hideOnPhone: true },
  { head: "99th percentile", cell: ({ waitMsP99 }) => ms(waitMsP99), align: "end", hideOnPhone: true },
];

/** The share of the jobs that began within the promised time; a dash when none was due, or nothing is promised. */
function Kept({ keptShare }: Class) {
  if (keptShare === null) return <span className="quiet">–</span>;
  return <span className={keptShare < 0.99 ? "warn" : "good"}>{share(keptShare)}</span>;
}

export function ClassTable({ classes }: Pick<JobStats, "classes">) {
  return (
    <Table
      caption="Waiting and running work, and promises kept, by class"
      columns={COLUMNS}
      rows={classes}
      keyOf={({ priority }) => String(priority)}
    />
  );
}
