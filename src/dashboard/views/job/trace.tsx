import { hasEnded } from "#client/index.ts";
import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Json } from "#dashboard/components/json.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { SubjectLinks } from "#dashboard/components/subject-links.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { exact, lasting } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { Log } from "./log.tsx";
import { RunAgainButton } from "./run-again.tsx";
import "./trace.css";
import type { JobDetails, JobTrace, RunTrace, StepTrace } from "#dashboard/types.ts";

/** The job's input, and its runs step by step. The API gives them only to administrators, so others do not see them. */
export function Trace({ job }: { job: JobDetails }) {
  const { data, problem } = useApi<JobTrace>(`/api/jobs/${job.id}/trace`, {
    isNews: ({ job: { id } }) => id === job.id,
  });
  if (problem?.status === 403) return null;
  if (problem && data === undefined) return <ErrorNote problem={problem} />;
  if (data === undefined) return <Loading rows={3} what="Loading the steps" />;
  return (
    <>
      {data.runs.map((run, n) => (
        <RunSteps key={run.id} run={run} title={data.runs.length === 1 ? "Steps" : `Steps of run ${n + 1}`} />
      ))}
      <Log job={job} />
      <Card
        title="Input"
        actions={
          <>
            <SubjectLinks data={data.input} />
            {hasEnded(job) && <RunAgainButton job={job} />}
          </>
        }
      >
        <Json label="Input" value={data.input} />
      </Card>
    </>
  );
}

const RunSteps = ({ run, title }: { run: RunTrace; title: string }) => (
  <Card title={title} flush={run.steps !== null && run.steps.length > 0}>
    {run.problem !== null && <p className="quiet">{run.problem}</p>}
    {run.steps?.length === 0 && <p className="quiet">No step has begun.</p>}
    {run.steps !== null && run.steps.length > 0 && (
      <Table caption={title} columns={COLUMNS} rows={run.steps} keyOf={keyOf} />
    )}
  </Card>
);

const keyOf = ({ name, startedAt }: StepTrace) => `${name} ${startedAt}`;

const COLUMNS: readonly Column<StepTrace>[] = [
  {
    head: "Step",
    cell: ({ name, operation }) => (
      <>
        <code>{name}</code> {operation !== null && operation !== "RUN" && <small>{wordsOf(operation)}</small>}
      </>
    ),
  },
  {
    head: "State",
    tight: true,
    cell: ({ status }) => <Badge status={wordsOf(status).replace("cancelled", "canceled")} />,
  },
  {
    head: "Began",
    tight: true,
    hideOnPhone: true,
    cell: ({ startedAt }) => startedAt !== null && <time dateTime={startedAt}>{exact(startedAt)}</time>,
  },
  { head: "Took", align: "end", tight: true, cell: (step) => tookOf(step) },
  {
    head: "Attempts",
    cell: ({ attempts, operation }) => operation === "RUN" && <Attempts attempts={attempts} />,
  },
  {
    head: "Output",
    cell: ({ output }) => output !== null && output !== undefined && <Json label="Output" value={output} />,
  },
];

/** Each try with its error, and the pause after it. */
function Attempts({ attempts }: Pick<StepTrace, "attempts">) {
  return (
    <ol className="attempts small">
      {attempts.map((attempt, n) => {
        const next = attempts[n + 1];
        const pauseMs =
          next?.startedAt && attempt.endedAt
            ? Date.parse(next.startedAt) - Date.parse(attempt.endedAt)
            : null;
        return (
          // Attempts have no id, so the number of an attempt is its key.
          <li key={n}>
            {n + 1}: {tookOf(attempt)}
            {attempt.error !== null && <span className="bad"> {attempt.error}</span>}
            {pauseMs !== null && <span className="quiet"> · pause {lasting(pauseMs)}</span>}
          </li>
        );
      })}
    </ol>
  );
}

const tookOf = ({ startedAt, endedAt }: Pick<StepTrace, "startedAt" | "endedAt">): string =>
  startedAt === null || endedAt === null ? "…" : lasting(Date.parse(endedAt) - Date.parse(startedAt));

const wordsOf = (constant: string): string => constant.toLowerCase().replaceAll("_", " ");
