import { Badge, type Tone } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Json } from "#dashboard/components/json.tsx";
import { ErrorNote } from "#dashboard/components/states.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { exact } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { JobDetails, JobLog } from "#dashboard/types.ts";

type Line = JobLog["items"][number];

/** What each run has logged, and then what the parts and the handlers of failures have logged. */
export function Log({ job }: { job: JobDetails }) {
  const { data, problem } = useApi<JobLog>(`/api/jobs/${job.id}/log`, {
    isNews: ({ job: { id } }) => id === job.id,
  });
  if (problem && data === undefined) return <ErrorNote problem={problem} />;
  if (data === undefined) return null;
  const runs = job.runs.map(({ id }) => id);
  const ofRuns = runs.map((id) => data.items.filter(({ runId }) => runId === id));
  const others = data.items.filter(({ runId }) => !runs.includes(runId));
  const some = ofRuns.flatMap((lines, n) =>
    lines.length === 0 ? [] : [{ title: runs.length === 1 ? "Log" : `Log of run ${n + 1}`, lines }],
  );
  if (others.length > 0) some.push({ title: "Log of parts and failures", lines: others });
  if (some.length === 0) {
    return (
      <Card title="Log">
        <p className="quiet">Nothing was logged besides start and end.</p>
      </Card>
    );
  }
  return some.map(({ title, lines }) => (
    <Card key={title} title={title} flush>
      <Table
        caption={title}
        columns={COLUMNS}
        rows={lines.map((line, n) => ({ ...line, n }))}
        keyOf={keyOf}
      />
    </Card>
  ));
}

const keyOf = ({ n }: { n: number }) => String(n);

const COLUMNS: readonly Column<Line>[] = [
  {
    head: "Logged",
    tight: true,
    hideOnPhone: true,
    cell: ({ at }) => <time dateTime={at}>{exact(at)}</time>,
  },
  {
    head: "Level",
    tight: true,
    cell: ({ level }) => <Badge status={level} tone={TONES.get(level) ?? "quiet"} />,
  },
  { head: "Function", tight: true, hideOnPhone: true, cell: (line) => <code>{line.function}</code> },
  {
    head: "Line",
    cell: ({ message, facts }) => (
      <>
        {message}
        {facts !== "" && <Json label="Fields" value={parsed(facts)} />}
      </>
    ),
  },
];

const TONES: ReadonlyMap<string, Tone> = new Map([
  ["info", "info"],
  ["warn", "warn"],
  ["error", "bad"],
  ["fatal", "bad"],
]);

/** The text of fields that were cut is not valid JSON. */
function parsed(facts: string): unknown {
  try {
    return JSON.parse(facts);
  } catch {
    return facts;
  }
}
